using Microsoft.Extensions.Logging;

namespace PooledClients.Connections;

/// <summary>What every transport of a container shares.</summary>
internal sealed class TransportServices(ConnectionGate gate, LocalFaultRetry localFaultRetry, TimeProvider timeProvider, ILogger<Transport> logger)
{
    public ConnectionGate Gate => gate;

    public LocalFaultRetry LocalFaultRetry => localFaultRetry;

    public TimeProvider TimeProvider => timeProvider;

    public ILogger Logger => logger;
}
