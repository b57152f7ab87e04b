using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Telemetry;

namespace PooledClients.Connections;

/// <summary>What every transport of a container shares.</summary>
internal sealed class TransportServices(
    ConnectionGate gate, HandshakeQueue handshakes, LocalFaultRetry localFaultRetry, NameLookup names, TimeProvider timeProvider, IOptions<PooledClientsOptions> options, IdleSweep idleSweep,
    ILogger<Transport> logger, ConnectionDiagnostics? diagnostics = null)
{
    public ConnectionGate Gate => gate;

    public HandshakeQueue Handshakes => handshakes;

    public LocalFaultRetry LocalFaultRetry => localFaultRetry;

    public NameLookup Names => names;

    public TimeProvider TimeProvider => timeProvider;

    public IdleSweep IdleSweep => idleSweep;

    /// <summary>How long what is still read may take once the container is disposed.</summary>
    public TimeSpan DrainTimeout => options.Value.DrainTimeout;

    public ILogger Logger => logger;

    /// <summary>Where connections tell what becomes of them; none for those that are nobody's.</summary>
    public ConnectionDiagnostics? Diagnostics => diagnostics;

    public TransportServices Unobserved() => new(gate, handshakes, localFaultRetry, names, timeProvider, options, idleSweep, logger);
}
