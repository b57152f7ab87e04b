using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Resilience;

/// <summary>
/// What the clients of an address share, gRPC and HTTP alike: its retry budget and its breaker. Equal settings are one; a client with
/// settings of its own has its own, and one that has switched its breaker off has none. What was got is kept until it is given back as often.
/// </summary>
internal sealed class AddressPolicies : ISnapshotSource
{
    private const string Grpc = "grpc";

    private readonly Lock _lock = new();

    // Guarded by the lock: asked when a client meets an address, not for a call.
    private readonly Dictionary<object, Entry> _entries = [];
    private readonly TimeProvider _time;
    private readonly ILogger<AddressBreaker> _logger;

    public AddressPolicies(TimeProvider time, GrpcMetrics metrics, ResilienceMetrics readings, ILogger<AddressBreaker> logger)
    {
        _time = time;
        _logger = logger;
        Metrics = metrics;
        readings.ObserveBreakers(() => Read<AddressBreaker, BreakerReading>(
            static (address, kind, breaker) => new(address, kind, breaker.State switch { "Closed" => "closed", "Open" => "open", _ => "half_open" })));
        readings.ObserveBudgets(() => Read<RetryBudget, RetryBudgetReading>(static (address, kind, budget) => new(address, kind, budget.Available)));
    }

    public GrpcMetrics Metrics { get; }

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="settings">The client's.</param>
    /// <param name="kind">Who asks: <c>grpc</c> or <c>http</c>.</param>
    public RetryBudget GetBudget(string address, RetryBudgetSettings settings, string kind = Grpc)
        => (RetryBudget)Get((address, settings), address, kind, () => new RetryBudget(_time, settings.Ratio, settings.PerSecond));

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="settings">The client's; <see langword="null"/> without a breaker.</param>
    /// <param name="kind">Who asks: <c>grpc</c> or <c>http</c>.</param>
    public AddressBreaker? GetBreaker(string address, BreakerSettings? settings, string kind = Grpc) => settings is null
        ? null
        : (AddressBreaker)Get((address, settings), address, kind, () => new AddressBreaker(address, settings, _time, Metrics, _logger));

    public void ReleaseBudget(string address, RetryBudgetSettings settings, string kind = Grpc) => Release((address, settings), kind);

    public void ReleaseBreaker(string address, BreakerSettings settings, string kind = Grpc) => Release((address, settings), kind);

    public void AddTo(SnapshotBuilder snapshot)
    {
        lock (_lock)
        {
            snapshot.Breakers.AddRange(_entries.Values.Where(static entry => entry.Shared is AddressBreaker).Select(static entry => new BreakerSnapshot
            {
                Address = entry.Address,
                Kind = string.Join(", ", entry.Users.Distinct().Order(StringComparer.Ordinal)),
                State = ((AddressBreaker)entry.Shared).State,
                OpenUntil = ((AddressBreaker)entry.Shared).OpenUntil,
            }).OrderBy(static breaker => breaker.State == "Closed").ThenBy(static breaker => breaker.Address, StringComparer.Ordinal));
        }
    }

    private object Get(object key, string address, string kind, Func<object> create)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                entry = new Entry(address, create());
                _entries.Add(key, entry);
            }

            entry.Users.Add(kind);
            return entry.Shared;
        }
    }

    private void Release(object key, string kind)
    {
        lock (_lock)
        {
            var users = _entries[key].Users;
            users.Remove(kind);
            if (users.Count == 0)
            {
                _entries.Remove(key);
            }
        }
    }

    // What an address's clients share is told of each kind that uses it.
    private List<TReading> Read<TShared, TReading>(Func<string, string, TShared, TReading> read)
    {
        lock (_lock)
        {
            return
            [
                .. from entry in _entries.Values
                   where entry.Shared is TShared
                   from kind in entry.Users.Distinct()
                   select read(entry.Address, kind, (TShared)entry.Shared),
            ];
        }
    }

    /// <param name="Address">Whose it is.</param>
    /// <param name="Shared">The breaker or the budget.</param>
    private sealed record Entry(string Address, object Shared)
    {
        /// <summary>The kind of each that has got it and not given it back.</summary>
        public List<string> Users { get; } = [];
    }
}
