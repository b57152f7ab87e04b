using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Connections.Wire;

/// <summary>Where connections tell what becomes of them.</summary>
internal sealed class ConnectionDiagnostics(ConnectionMetrics metrics, AddressWatch addresses, ILogger<ConnectionDiagnostics> logger, TimeProvider timeProvider)
{
    public ConnectionMetrics Metrics => metrics;

    public AddressWatch Addresses => addresses;

    public ILogger Logger => logger;

    public TimeProvider Time => timeProvider;
}
