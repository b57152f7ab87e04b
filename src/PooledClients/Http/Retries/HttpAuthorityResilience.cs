using System.Net;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>One client's way to one authority: the retry budget and the breaker, which other clients share.</summary>
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
    private readonly HttpAuthorityRegistry _authorities;
    private readonly string _key;

    // The requests in flight; so far below zero once it is forgotten that nobody's coming and going brings it back.
    private int _requests;
    private volatile bool _isUsed = true;
    private long _failedAt;

    public HttpAuthorityResilience(
        string client,
        Uri address,
        HttpResilienceOptions options,
        HttpAuthorityRegistry authorities,
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
        _authorities = authorities;
        _key = address.GetLeftPart(UriPartial.Authority);
        _budget = authorities.GetBudget(_key, options);
        Breaker = BreakerSettings.From(options) is { } settings ? authorities.GetBreaker(_key, settings, BuildBreaker) : null;
    }

    public HttpBreaker? Breaker { get; }

    public string Name => _authority;

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
    public void Drop() => _authorities.Release(_key, _options);

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

        _authorities.Release(_key, _options);
        return true;
    }

    /// <summary>
    /// Whether another attempt is made, and after which pause: whether it may help, whether there is time, whether there is budget. What is
    /// taken from the budget is spent.
    /// </summary>
    public bool MayRetry(HttpAttempts attempts, HttpResponseMessage? response, Exception? failure, CancellationToken cancellationToken, out TimeSpan pause)
    {
        pause = default;
        if (attempts.Retries >= _options.MaxRetries
            || cancellationToken.IsCancellationRequested
            || !HttpFaults.IsTransient(response, failure)
            || !attempts.IsRepeatable
            || attempts.WasRedirected)
        {
            return false;
        }

        pause = RetryPause.For(response, attempts.Retries, _options, _time.GetUtcNow());
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

        _metrics.HttpRetried(_client, _authority);
        _logger.HttpRetrying(_client, _authority, attempts.Retries + 1, pause.TotalSeconds, Describe(failure ?? (object?)response?.StatusCode));
        return true;
    }

    // Named for the first client: the others are told by their own errors.
    private HttpBreaker BuildBreaker(BreakerSettings settings) => new(
        settings,
        _time,
        (duration, cause) =>
        {
            _metrics.HttpBreakerOpened(_client, _authority);
            _logger.HttpBreakerOpened(_client, _authority, duration.TotalSeconds, Describe(cause));
        },
        () => _logger.HttpBreakerClosed(_client, _authority));

    private static string Describe(object? cause) => cause switch
    {
        Exception exception => exception.Message,
        HttpStatusCode status => $"status {(int)status}",
        _ => "unknown",
    };
}
