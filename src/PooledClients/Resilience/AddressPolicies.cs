using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Resilience;

/// <summary>
/// What the clients of an address share, gRPC and HTTP alike: its retry budget and its breaker. Equal settings are one; a client with
/// settings of its own has its own, and one that has switched its breaker off has none. What was got is kept until it is given back as often.
/// </summary>
internal sealed class AddressPolicies(TimeProvider time, GrpcMetrics metrics, ILoggerFactory loggers)
{
    private readonly Lock _lock = new();

    // Guarded by the lock: asked when a client meets an address, not for a call.
    private readonly Dictionary<object, (object Shared, int Users)> _entries = [];

    public GrpcMetrics Metrics => metrics;

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="ratio">The extra attempts for each call.</param>
    /// <param name="perSecond">The extra attempts a second, however few the calls are.</param>
    public RetryBudget GetBudget(string address, double ratio, double perSecond)
        => (RetryBudget)Get((address, ratio, perSecond), () => new RetryBudget(time, ratio, perSecond));

    /// <param name="address">Scheme, host and port, as a URI's authority has them.</param>
    /// <param name="settings">The client's; <see langword="null"/> without a breaker.</param>
    public AddressBreaker? GetBreaker(string address, BreakerSettings? settings) => settings is null
        ? null
        : (AddressBreaker)Get((address, settings), () => new AddressBreaker(address, settings, time, metrics, loggers.CreateLogger<AddressBreaker>()));

    public void ReleaseBudget(string address, double ratio, double perSecond) => Release((address, ratio, perSecond));

    public void ReleaseBreaker(string address, BreakerSettings settings) => Release((address, settings));

    private object Get(object key, Func<object> create)
    {
        lock (_lock)
        {
            var (shared, users) = _entries.GetValueOrDefault(key);
            shared ??= create();
            _entries[key] = (shared, users + 1);
            return shared;
        }
    }

    private void Release(object key)
    {
        lock (_lock)
        {
            var (shared, users) = _entries[key];
            if (users == 1)
            {
                _entries.Remove(key);
            }
            else
            {
                _entries[key] = (shared, users - 1);
            }
        }
    }
}
