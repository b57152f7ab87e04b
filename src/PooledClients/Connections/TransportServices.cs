using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Connections.Telemetry;

namespace PooledClients.Connections;

/// <summary>What every transport of a container shares.</summary>
internal sealed class TransportServices(
    ConnectionGate gate, HandshakeQueue handshakes, LocalFaultRetry localFaultRetry, NameLookup names, EndpointSnapshotSource endpoints, TimeProvider timeProvider, IOptions<PooledClientsOptions> options, IdleSweep idleSweep,
    ILogger<TransportServices> logger, ConnectionDiagnostics? diagnostics = null)
{
    public ConnectionGate Gate => gate;

    public HandshakeQueue Handshakes => handshakes;

    public LocalFaultRetry LocalFaultRetry => localFaultRetry;

    public NameLookup Names => names;

    /// <summary>Gets who tells of the endpoints of services that have several.</summary>
    public EndpointSnapshotSource Endpoints => endpoints;

    public TimeProvider TimeProvider => timeProvider;

    public IdleSweep IdleSweep => idleSweep;

    /// <summary>How long what is still read may take once the container is disposed.</summary>
    public TimeSpan DrainTimeout => options.Value.DrainTimeout;

    public ILogger Logger => logger;

    /// <summary>Where connections tell what becomes of them; none for those that are nobody's.</summary>
    public ConnectionDiagnostics? Diagnostics => diagnostics;

    public TransportServices Unobserved() => new(gate, handshakes, localFaultRetry, names, new EndpointSnapshotSource(), timeProvider, options, idleSweep, logger);
}
