using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Resilience;

/// <summary>Hands every client of an address the same retry budget and the same breaker, as long as their options for it agree.</summary>
internal sealed class AddressResilienceRegistry(TimeProvider time, GrpcMetrics metrics, ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<(string Address, double Ratio, double PerSecond), Lazy<RetryBudget>> _budgets = new();
    private readonly ConcurrentDictionary<(string Address, BreakerSettings Settings), Lazy<AddressBreaker>> _breakers = new();

    public GrpcMetrics Metrics => metrics;

    public RetryBudget GetBudget(string address, GrpcResilienceOptions options) => _budgets.GetOrAdd(
        (address, options.RetryRatio, options.RetriesPerSecond),
        key => new Lazy<RetryBudget>(() => new RetryBudget(time, key.Ratio, key.PerSecond))).Value;

    /// <returns><see langword="null"/> where the options have no breaker.</returns>
    public AddressBreaker? GetBreaker(string address, GrpcResilienceOptions options) => BreakerSettings.From(options) is not { } settings
        ? null
        : _breakers.GetOrAdd(
            (address, settings),
            key => new Lazy<AddressBreaker>(() => new AddressBreaker(key.Address, key.Settings, time, metrics, loggers.CreateLogger<AddressBreaker>()))).Value;
}
