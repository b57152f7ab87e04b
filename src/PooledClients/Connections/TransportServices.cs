using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;

namespace PooledClients.Connections;

/// <summary>What every transport of a container shares.</summary>
internal sealed class TransportServices(
    ConnectionGate gate, HandshakeQueue handshakes, LocalFaultRetry localFaultRetry, TimeProvider timeProvider, ILogger<Transport> logger)
{
    public ConnectionGate Gate => gate;

    public HandshakeQueue Handshakes => handshakes;

    public LocalFaultRetry LocalFaultRetry => localFaultRetry;

    public TimeProvider TimeProvider => timeProvider;

    public ILogger Logger => logger;
}
