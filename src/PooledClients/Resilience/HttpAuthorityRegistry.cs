namespace PooledClients.Resilience;

/// <summary>What the HTTP clients of one authority share where their options agree, its retry budget and its breaker, for as long as one of them wants it.</summary>
internal sealed class HttpAuthorityRegistry(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<object, (object Shared, int Users)> _entries = [];

    public RetryBudget GetBudget(string authority, HttpResilienceOptions options)
        => (RetryBudget)Get(BudgetKey(authority, options), () => new RetryBudget(time, options.RetryRatio, options.RetriesPerSecond));

    public HttpBreaker GetBreaker(string authority, BreakerSettings settings, Func<BreakerSettings, HttpBreaker> create)
        => (HttpBreaker)Get((authority, settings), () => create(settings));

    /// <summary>Gives back what was got for an authority.</summary>
    public void Release(string authority, HttpResilienceOptions options)
    {
        lock (_lock)
        {
            ReleaseLocked(BudgetKey(authority, options));
            if (BreakerSettings.From(options) is { } settings)
            {
                ReleaseLocked((authority, settings));
            }
        }
    }

    private static object BudgetKey(string authority, HttpResilienceOptions options) => (authority, options.RetryRatio, options.RetriesPerSecond);

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

    private void ReleaseLocked(object key)
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
