using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Diagnostics;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>One client's way to one authority: the retry budget and the breaker, which other clients share.</summary>
internal sealed class HttpAuthorityResilience
{
    private const string Kind = "http";
    private const int Forgotten = int.MinValue / 2;

    private readonly string _authority;
    private readonly string _client;
    private readonly TimeProvider _time;
    private readonly HttpResilienceOptions _options;
    private readonly HttpMetrics _metrics;
    private readonly ILogger _logger;
    private readonly RetryBudget _budget;
    private readonly AddressPolicies _policies;
    private readonly string _key;

    // The requests in flight; so far below zero once it is forgotten that nobody's coming and going brings it back.
    private int _requests;
    private volatile bool _isUsed = true;
    private long _failedAt;

    public HttpAuthorityResilience(
        string client,
        Uri address,
        ServiceAddress? socket,
        HttpResilienceOptions options,
        AddressPolicies policies,
        TimeProvider time,
        HttpMetrics metrics,
        ILogger logger)
    {
        _authority = address.Authority;
        Name = socket?.ToString() ?? _authority;
        _client = client;
        _options = options;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _policies = policies;
        _key = (socket ?? ServiceAddress.OfRequest(address)).ToString();
        _budget = policies.GetBudget(_key, RetryBudgetSettings.From(options.RetryBudget), Kind);
        Breaker = policies.GetBreaker(_key, BreakerSettings.From(options.Breaker), Kind);
        if (Breaker is not null)
        {
            Breaker.Opened += OnOpened;
        }
    }

    /// <summary>Where it is, as errors show it.</summary>
    public string Name { get; }

    public AddressBreaker? Breaker { get; }

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

    /// <summary>Ends a request whose first attempt was answered well.</summary>
    /// <param name="response">The answer.</param>
    /// <param name="call">What it was sent for.</param>
    /// <returns>Whether it was; else it is judged, and perhaps tried again.</returns>
    public bool TryEnd(HttpResponseMessage response, IHttpCall call)
    {
        if (response is null || HttpFaults.IsTransient(response, failure: null, call: null))
        {
            return false;
        }

        Breaker?.Report(HttpFaults.Judge(response, failure: null, call));
        Interlocked.Decrement(ref _requests);
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
        _policies.ReleaseBudget(_key, RetryBudgetSettings.From(_options.RetryBudget), Kind);
        if (Breaker is not null)
        {
            Breaker.Opened -= OnOpened;
            _policies.ReleaseBreaker(_key, BreakerSettings.From(_options.Breaker)!, Kind);
        }
    }

    /// <summary>Gives it up where nobody has used it since the last look and no failure is remembered.</summary>
    public bool TryForget()
    {
        var wasUsed = _isUsed;
        _isUsed = false;
        var failedAt = Volatile.Read(ref _failedAt);
        if (wasUsed
            || (failedAt != 0 && _time.GetElapsedTime(failedAt) < _options.Breaker.SamplingDuration + _options.Breaker.BreakDuration)
            || Interlocked.CompareExchange(ref _requests, Forgotten, 0) != 0)
        {
            return false;
        }

        Drop();
        return true;
    }

    /// <summary>
    /// Whether another attempt is made, and after which pause. Decides all of it, for what follows can no longer say no: whether it may help,
    /// whether there is time, whether there is budget, which is then spent.
    /// </summary>
    /// <param name="sent">The request as it was sent first.</param>
    /// <param name="retries">How often it has been sent again.</param>
    /// <param name="response">What came of the last attempt, if anything did.</param>
    /// <param name="failure">Why nothing came.</param>
    /// <param name="call">What it is sent for.</param>
    /// <param name="pause">The pause.</param>
    public bool TryRetry(in SentRequest sent, int retries, HttpResponseMessage? response, Exception? failure, IHttpCall? call, out TimeSpan pause)
    {
        pause = default;

        // It would be refused, or be the probe if it came first: its caller had rather know what the server said.
        if (Breaker is { IsClosed: false })
        {
            return false;
        }

        if (retries + 1 >= _options.Retry.Attempts || !HttpFaults.IsTransient(response, failure, call) || !sent.IsRepeatable || sent.IsElsewhere)
        {
            return false;
        }

        pause = RetryPause.For(response, retries, _options.Retry, _time.GetUtcNow());
        if (pause > RetryPause.Limit(call?.RemainingToCaller ?? Timeout.InfiniteTimeSpan, _options.Retry))
        {
            return false;
        }

        var hasBudget = _budget.TryTake();
        if (!hasBudget)
        {
            _metrics.HttpRetryRefused(_client, _authority);
            _logger.RetryBudgetSpent(_key);
            return false;
        }

        _metrics.HttpRetried(_client, _authority);
        _logger.HttpRetrying(_client, _authority, retries + 1, pause.TotalSeconds, failure?.Message ?? $"status {(int)response!.StatusCode}");
        return true;
    }

    private void OnOpened() => _metrics.HttpBreakerOpened(_client, _authority);
}
