using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using Polly;
using Polly.Retry;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>One client's way to one authority: the retry budget and the breaker, which other clients share, and the pipeline made of them.</summary>
internal sealed class HttpAuthorityResilience
{
    private readonly string _authority;
    private readonly string _client;
    private readonly TimeProvider _time;
    private readonly HttpResilienceOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;
    private readonly RetryBudget _budget;

    public HttpAuthorityResilience(
        string client,
        Uri address,
        HttpResilienceOptions options,
        AddressPolicies policies,
        TimeProvider time,
        HttpMetrics metrics,
        ILogger logger)
    {
        _authority = address.Authority;
        _client = client;
        _options = options;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        var key = address.GetLeftPart(UriPartial.Authority);
        _budget = policies.GetBudget(key, options.RetryRatio, options.RetriesPerSecond, "http");
        var breaker = policies.GetBreaker(key, BreakerSettings.From(options));
        if (breaker is not null)
        {
            // Both live as long as their container.
            breaker.Opened += () => _metrics.HttpBreakerOpened(_client, _authority);
        }

        Pipeline = BuildPipeline(breaker);
    }

    public ResiliencePipeline<HttpResponseMessage> Pipeline { get; }

    public void RecordCall() => _budget.RecordCall();

    [UnconditionalSuppressMessage("Trimming", "IL2026", Justification = "The options of the breaker's strategy have no annotations to validate.")]
    private ResiliencePipeline<HttpResponseMessage> BuildPipeline(AddressBreaker? breaker)
    {
        var builder = new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = _time };
        if (_options.MaxRetries > 0)
        {
            builder.AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = _options.MaxRetries,
                ShouldHandle = args => ValueTask.FromResult(ShouldRetry(args)),
                DelayGenerator = static args => ValueTask.FromResult<TimeSpan?>(AttemptsOf(args.Context).Pause),
                OnRetry = OnRetry,
            });
        }

        if (breaker is not null)
        {
            builder.AddStrategy(_ => new HttpBreakerStrategy(breaker), new HttpBreakerStrategyOptions());
        }

        return builder.Build();
    }

    // Decides all of it, for what follows can no longer say no: whether it may help, whether there is time, whether there is budget.
    private bool ShouldRetry(RetryPredicateArguments<HttpResponseMessage> args)
    {
        var attempts = AttemptsOf(args.Context);
        if (!attempts.IsRepeatable
            || attempts.WasRedirected
            || args.AttemptNumber >= _options.MaxRetries
            || args.Context.CancellationToken.IsCancellationRequested
            || !HttpFaults.IsTransient(args.Outcome))
        {
            return false;
        }

        var pause = RetryPause.For(args.Outcome.Result, args.AttemptNumber, _options, _time.GetUtcNow());
        if (pause > RetryPause.Limit(attempts.Call?.Remaining ?? Timeout.InfiniteTimeSpan, _options))
        {
            return false;
        }

        var hasBudget = _budget.TryTake();
        if (!hasBudget)
        {
            _metrics.HttpRetryRefused(_client, _authority);
            return false;
        }

        attempts.Pause = pause;
        return true;
    }

    private ValueTask OnRetry(OnRetryArguments<HttpResponseMessage> args)
    {
        AttemptsOf(args.Context).Call?.BackOff();
        _metrics.HttpRetried(_client, _authority);
        _logger.HttpRetrying(_client, _authority, args.AttemptNumber + 1, args.RetryDelay.TotalSeconds, Describe(args.Outcome));
        return default;
    }

    private static HttpAttempts AttemptsOf(ResilienceContext context) => context.Properties.GetValue(HttpAttempts.Key, null!);

    private static string Describe(Outcome<HttpResponseMessage> outcome)
        => outcome.Exception?.Message ?? $"status {(int)outcome.Result!.StatusCode}";
}
