using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Wire;

namespace PooledClients.Connections;

/// <summary>What every transport of a container shares.</summary>
internal sealed class TransportServices(
    ConnectionGate gate, HandshakeQueue handshakes, LocalFaultRetry localFaultRetry, TimeProvider timeProvider, ILogger<Transport> logger, ConnectionDiagnostics? diagnostics = null)
{
    public ConnectionGate Gate => gate;

    public HandshakeQueue Handshakes => handshakes;

    public LocalFaultRetry LocalFaultRetry => localFaultRetry;

    public TimeProvider TimeProvider => timeProvider;

    public ILogger Logger => logger;

    /// <summary>Where connections tell what becomes of them; none for those that are nobody's.</summary>
    public ConnectionDiagnostics? Diagnostics => diagnostics;

    public TransportServices Unobserved() => new(gate, handshakes, localFaultRetry, timeProvider, logger);
}
