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
    private const int Forgotten = int.MinValue / 2;

    private readonly string _authority;
    private readonly string _client;
    private readonly TimeProvider _time;
    private readonly HttpResilienceOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;
    private readonly RetryBudget _budget;
    private readonly AddressBreaker? _breaker;
    private readonly AddressPolicies _policies;
    private readonly string _key;

    // The requests in flight; so far below zero once it is forgotten that nobody's coming and going brings it back.
    private int _requests;
    private volatile bool _isUsed = true;
    private long _failedAt;

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
        _policies = policies;
        _key = address.GetLeftPart(UriPartial.Authority);
        _budget = policies.GetBudget(_key, options.RetryRatio, options.RetriesPerSecond);
        _breaker = policies.GetBreaker(_key, BreakerSettings.From(options));
        if (_breaker is not null)
        {
            _breaker.Opened += OnOpened;
        }

        Pipeline = BuildPipeline(_breaker);
    }

    public ResiliencePipeline<HttpResponseMessage> Pipeline { get; }

    /// <summary>Counts a request until <see cref="End"/>.</summary>
    /// <returns>Whether it is still known; else another is to be found for its address.</returns>
    public bool TryBegin()
    {
        if (Interlocked.Increment(ref _requests) <= 0)
        {
            return false;
        }

        if (!_isUsed)
        {
            _isUsed = true;
        }

        _budget.RecordCall();
        return true;
    }

    public void End(bool failed)
    {
        if (failed)
        {
            Volatile.Write(ref _failedAt, _time.GetTimestamp());
        }

        Interlocked.Decrement(ref _requests);
    }

    /// <summary>Gives back what it shares, for another has taken its place before it was used.</summary>
    public void Drop()
    {
        _policies.ReleaseBudget(_key, _options.RetryRatio, _options.RetriesPerSecond);
        if (_breaker is not null)
        {
            _breaker.Opened -= OnOpened;
            _policies.ReleaseBreaker(_key, BreakerSettings.From(_options)!);
        }
    }

    /// <summary>Gives it up where nobody has used it since the last look and no failure is remembered.</summary>
    public bool TryForget()
    {
        var wasUsed = _isUsed;
        _isUsed = false;
        var failedAt = Volatile.Read(ref _failedAt);
        if (wasUsed
            || (failedAt != 0 && _time.GetElapsedTime(failedAt) < _options.BreakerSamplingDuration + _options.BreakDuration)
            || Interlocked.CompareExchange(ref _requests, Forgotten, 0) != 0)
        {
            return false;
        }

        Drop();
        return true;
    }

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
        _metrics.HttpRetryBudget(_client, _authority, _budget.Available);
        if (!hasBudget)
        {
            _metrics.HttpRetryRefused(_client, _authority);
            return false;
        }

        attempts.Pause = pause;
        return true;
    }

    private void OnOpened() => _metrics.HttpBreakerOpened(_client, _authority);

    private ValueTask OnRetry(OnRetryArguments<HttpResponseMessage> args)
    {
        var attempts = AttemptsOf(args.Context);
        attempts.Restore();
        attempts.Call?.BackOff();
        _metrics.HttpRetried(_client, _authority);
        _logger.HttpRetrying(_client, _authority, args.AttemptNumber + 1, args.RetryDelay.TotalSeconds, Describe(args.Outcome));
        return default;
    }

    private static HttpAttempts AttemptsOf(ResilienceContext context) => context.Properties.GetValue(HttpAttempts.Key, null!);

    private static string Describe(Outcome<HttpResponseMessage> outcome)
        => outcome.Exception?.Message ?? $"status {(int)outcome.Result!.StatusCode}";
}
