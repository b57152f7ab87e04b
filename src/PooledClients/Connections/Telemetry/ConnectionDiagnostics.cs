using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Connections.Telemetry;

/// <summary>Where connections tell what becomes of them.</summary>
internal sealed class ConnectionDiagnostics(ConnectionMetrics metrics, AddressWatch addresses, ILogger<ConnectionDiagnostics> logger, TimeProvider timeProvider)
{
    public ConnectionMetrics Metrics => metrics;

    public AddressWatch Addresses => addresses;

    public ILogger Logger => logger;

    public TimeProvider Time => timeProvider;

    /// <summary>What a transport tells of its connections.</summary>
    /// <param name="kind"><c>grpc</c> or <c>http</c>.</param>
    /// <param name="target">The address that its calls have; of several endpoints each has an address of its own.</param>
    public ConnectionTeller For(string kind, string target) => new(this, kind, target);
}
