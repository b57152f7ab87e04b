using System.Collections.Concurrent;
using Polly;

namespace PooledClients.Resilience;

/// <summary>What the HTTP clients of one authority share where their options agree: its retry budget and its breaker.</summary>
internal sealed class HttpAuthorityRegistry(TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Authority, double Ratio, double PerSecond), RetryBudget> _budgets = new();
    private readonly ConcurrentDictionary<(string Authority, BreakerSettings Settings), Lazy<ResiliencePipeline<HttpResponseMessage>>> _breakers = new();

    public RetryBudget GetBudget(string authority, HttpResilienceOptions options) => _budgets.GetOrAdd(
        (authority, options.RetryRatio, options.RetriesPerSecond), static (key, time) => new RetryBudget(time, key.Ratio, key.PerSecond), time);

    public ResiliencePipeline<HttpResponseMessage> GetBreaker(
        string authority, BreakerSettings settings, Func<BreakerSettings, ResiliencePipeline<HttpResponseMessage>> create) => _breakers.GetOrAdd(
        (authority, settings), static (key, create) => new Lazy<ResiliencePipeline<HttpResponseMessage>>(() => create(key.Settings)), create).Value;
}
