using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Connections.Telemetry;

namespace PooledClients.Connections;

/// <summary>What every transport of a container shares.</summary>
internal sealed class TransportServices(
    ConnectionGate gate,
    DialServices dials,
    EndpointSnapshotSource endpoints,
    IOptions<PooledClientsOptions> options,
    IdleSweep idleSweep,
    ConnectionDiagnostics? diagnostics = null,
    IMeterFactory? meters = null)
{
    public ConnectionGate Gate => gate;

    public DialServices Dials => dials;

    /// <summary>Gets who tells of the endpoints of services that have several.</summary>
    public EndpointSnapshotSource Endpoints => endpoints;

    public TimeProvider TimeProvider => dials.TimeProvider;

    public IdleSweep IdleSweep => idleSweep;

    /// <summary>How long what is still read may take once the container is disposed.</summary>
    public TimeSpan DrainTimeout => options.Value.DrainTimeout;

    public ILogger Logger => dials.Logger;

    /// <summary>Where connections tell what becomes of them; none for those that are nobody's.</summary>
    public ConnectionDiagnostics? Diagnostics => diagnostics;

    /// <summary>Where handlers measure what the runtime measures (<c>http.client.*</c>); none for the meter of all.</summary>
    public IMeterFactory? Meters => meters;

    public TransportServices Unobserved() => new(gate, dials, new EndpointSnapshotSource(), options, idleSweep);
}
