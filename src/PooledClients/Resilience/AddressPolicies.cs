using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Resilience;

/// <summary>
/// What the clients of an address share, gRPC and HTTP alike: its retry budget and its breaker. Equal settings are one; a client with
/// settings of its own has its own, and one that has switched its breaker off has none.
/// </summary>
internal sealed class AddressPolicies(TimeProvider time, GrpcMetrics metrics, ILoggerFactory loggers)
{
    private readonly ConcurrentDictionary<(string Address, double Ratio, double PerSecond), RetryBudget> _budgets = new();
    private readonly ConcurrentDictionary<(string Address, BreakerSettings Settings), Lazy<AddressBreaker>> _breakers = new();

    public GrpcMetrics Metrics => metrics;

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="ratio">The extra attempts for each call.</param>
    /// <param name="perSecond">The extra attempts a second, however few the calls are.</param>
    public RetryBudget GetBudget(string address, double ratio, double perSecond) => _budgets.GetOrAdd(
        (address, ratio, perSecond), static (key, time) => new RetryBudget(time, key.Ratio, key.PerSecond), time);

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="settings">The client's; <see langword="null"/> without a breaker.</param>
    public AddressBreaker? GetBreaker(string address, BreakerSettings? settings) => settings is null
        ? null
        : _breakers.GetOrAdd(
            (address, settings),
            key => new Lazy<AddressBreaker>(() => new AddressBreaker(key.Address, key.Settings, time, metrics, loggers.CreateLogger<AddressBreaker>()))).Value;
}
