using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Resilience;

/// <summary>
/// What the clients of an address share, gRPC and HTTP alike: its retry budget and its breaker. Equal settings are one; a client with
/// settings of its own has its own, and one that has switched its breaker off has none.
/// </summary>
internal sealed class AddressPolicies
{
    private const string Grpc = "grpc";

    private readonly ConcurrentDictionary<(string Address, double Ratio, double PerSecond), RetryBudget> _budgets = new();
    private readonly ConcurrentDictionary<(string Address, BreakerSettings Settings), Lazy<AddressBreaker>> _breakers = new();

    // Whose clients use an address: what they share is told of each.
    private readonly ConcurrentDictionary<(string Address, string Kind), bool> _users = new();
    private readonly TimeProvider _time;
    private readonly ILogger<AddressBreaker> _logger;

    public AddressPolicies(TimeProvider time, GrpcMetrics metrics, ResilienceMetrics readings, ILogger<AddressBreaker> logger)
    {
        _time = time;
        _logger = logger;
        Metrics = metrics;
        readings.ObserveBreakers(() =>
            from user in _users.Keys
            from breaker in _breakers
            where breaker.Key.Address == user.Address && breaker.Value.IsValueCreated
            select new BreakerReading(user.Address, user.Kind, breaker.Value.Value.State switch { "Closed" => "closed", "Open" => "open", _ => "half_open" }));
        readings.ObserveBudgets(() =>
            from user in _users.Keys
            from budget in _budgets
            where budget.Key.Address == user.Address
            select new RetryBudgetReading(user.Address, user.Kind, budget.Value.Available));
    }

    public GrpcMetrics Metrics { get; }

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="ratio">The extra attempts for each call.</param>
    /// <param name="perSecond">The extra attempts a second, however few the calls are.</param>
    /// <param name="kind">Who asks: <c>grpc</c> or <c>http</c>.</param>
    public RetryBudget GetBudget(string address, double ratio, double perSecond, string kind = Grpc)
    {
        _users.TryAdd((address, kind), true);
        return _budgets.GetOrAdd((address, ratio, perSecond), static (key, time) => new RetryBudget(time, key.Ratio, key.PerSecond), _time);
    }

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="settings">The client's; <see langword="null"/> without a breaker.</param>
    public AddressBreaker? GetBreaker(string address, BreakerSettings? settings) => settings is null
        ? null
        : _breakers.GetOrAdd(
            (address, settings),
            key => new Lazy<AddressBreaker>(() => new AddressBreaker(key.Address, key.Settings, _time, Metrics, _logger))).Value;
}
