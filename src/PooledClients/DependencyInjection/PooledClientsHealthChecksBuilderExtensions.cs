using Microsoft.Extensions.Diagnostics.HealthChecks;
using PooledClients;
using PooledClients.DependencyInjection;
using PooledClients.Diagnostics;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the health check of the pooled clients.</summary>
public static class PooledClientsHealthChecksBuilderExtensions
{
    /// <summary>
    /// Adds a readiness check that opens nothing and calls nobody. It is degraded while the process holds 80% of its descriptors, connects wait
    /// for the budget, an address cannot be reached for 10 s, over half of a service's endpoints take no calls, a breaker is open, or a certificate
    /// in use is within the last sixth of its life, at most 7 days; <paramref name="failureStatus"/> at 95% of the descriptors. Its data tell the
    /// connections and the state of every channel; a server that is down does not make this process unhealthy.
    /// </summary>
    /// <param name="builder">The builder.</param>
    /// <param name="name">The name of the check.</param>
    /// <param name="failureStatus">What to report at 95% of the descriptors; <see langword="null"/>: <see cref="HealthStatus.Unhealthy"/>.</param>
    /// <param name="tags">Tags to filter checks by.</param>
    /// <returns>The builder.</returns>
    public static IHealthChecksBuilder AddPooledClients(
        this IHealthChecksBuilder builder, string name = "pooled_clients", HealthStatus? failureStatus = null, IEnumerable<string>? tags = null)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentException.ThrowIfNullOrEmpty(name);

        builder.Services.AddPooledClientsCore();
        return builder.Add(new HealthCheckRegistration(
            name,
            static provider => new PooledClientsHealthCheck(provider.GetRequiredService<IPooledClientsDiagnostics>()),
            failureStatus,
            tags));
    }
}
