using System.Runtime.ExceptionServices;
using Grpc.Core;
using Polly;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Retries;

/// <summary>
/// A server stream and its attempts, each of which leads to whether there is a first message. The attempt that is current may be given
/// up for another until its headers have come, as in gRFC A6, or, where the handler could not tell, until something of it has been handed to
/// the caller: what it comes to then is what the call comes to.
/// </summary>
internal abstract class RetriedCall : CallScope, IRetriedCall<bool>, IDisposable
{
    private readonly CallRetrier _retrier;
    private readonly CallOptions _options;
    private readonly DeadlineOrigin? _origin;
    private readonly SeveralCalls _facts;
    private readonly long _startedAt;

    // By the clock once, for the deadline is a time of it; from then on it counts down whatever is done to the clock.
    private readonly TimeSpan _time;
    private RetryState? _retry;
    private volatile AttemptState _attempt;
    private volatile Headers _headers;
    private volatile string? _cancelled;

    // Ends a pause: by the caller, by Dispose, or at the deadline.
    private volatile CancellationTokenSource? _stop;

    // How the call has ended, where that is not how its latest attempt has.
    private volatile RpcException? _end;

    protected RetriedCall(CallRetrier retrier, in CallOptions options, DeadlineOrigin? origin, in SeveralCalls facts)
    {
        _facts = facts;
        _retrier = retrier;
        _options = options;
        _origin = origin;
        _startedAt = retrier.Time.GetTimestamp();
        _time = options.Deadline is { } deadline && deadline != DateTime.MaxValue ? deadline - retrier.Time.GetUtcNow().UtcDateTime : Timeout.InfiniteTimeSpan;
    }

    private enum Headers
    {
        Unknown,
        Good,
        End,
    }

    private enum AttemptState
    {
        Open,
        Committed,
        GivenUp,
    }

    /// <summary>How the call has ended, where that is not how its latest attempt has.</summary>
    protected RpcException? Ended => _end;

    /// <summary>What a read throws then.</summary>
    protected Exception? Thrown => _end is { } end ? _retrier.ToThrow(end) : null;

    // Committed, or about to be: a response that may bring a message is the call's.
    private bool IsAnswered => _attempt == AttemptState.Committed || _headers == Headers.Good;

    public override DeadlineOrigin? Deadline => _origin;

    public override CallClock? Clock => _facts.Clock;

    public override string? CallSite => _facts.CallSite;

    public override CallAccount? Account => _facts.Account;

    /// <summary>Whether something of the application's may send a request later.</summary>
    protected bool Flows => _facts.Flows;

    public override EndpointPool? Tried { get; set; }

    public override void OnHeaders(bool isEnd) => _headers = isEnd ? Headers.End : Headers.Good;

    protected override bool MayFlow => true;

    public void Dispose()
    {
        Cancel("gRPC call disposed.");
        Account?.Ends(_headers == Headers.Good ? Status.DefaultSuccess : new Status(StatusCode.Cancelled, "gRPC call disposed."));
    }

    protected override bool IsOf(HttpRequestMessage request) => request.RequestUri!.AbsolutePath.EndsWith(_retrier.Method, StringComparison.Ordinal);

    /// <summary>Ends the attempt that is going on, or the pause before the next one.</summary>
    protected void Cancel(string detail)
    {
        _cancelled = detail;
        try
        {
            _stop?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The call has just ended by itself.
        }

        DisposeAttempt();
    }

    /// <summary>Makes the current attempt the call, which is answered by that; <see langword="false"/> if it has been given up.</summary>
    protected bool TryCommit()
    {
        if (Interlocked.CompareExchange(ref _attempt, AttemptState.Committed, AttemptState.Open) is AttemptState.GivenUp)
        {
            return false;
        }

        Account?.Ends(Status.DefaultSuccess);
        return true;
    }

    /// <summary>
    /// Makes the current attempt the call once its headers announce a response. Where the handler could not tell, it is the first
    /// message that does.
    /// </summary>
    protected async ValueTask<bool> TryCommitByHeadersAsync(Task<Metadata> headers)
    {
        await ((Task)headers).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return headers.IsCompletedSuccessfully && _headers == Headers.Good && TryCommit();
    }

    /// <summary>Makes a further attempt the current one.</summary>
    protected abstract void StartAttempt(CallOptions options);

    /// <summary>Sees the current attempt to its result.</summary>
    protected abstract Task<bool> FinishAttemptAsync();

    /// <summary>Ends the current attempt and lets go of what it holds.</summary>
    protected abstract void DisposeAttempt();

    /// <summary>Goes on after the first attempt has failed: with others, if they are allowed, or with the failure.</summary>
    protected async Task<bool> GoOnAsync(RpcException first)
    {
        // A deadline that is over is told, and leaves no time for another attempt, whatever the policy lists.
        if (_cancelled is not null || IsAnswered || !_retrier.Policy.IsRetryable(first) || (first.StatusCode == StatusCode.DeadlineExceeded && TimeLeft() == TimeSpan.Zero))
        {
            throw End(WithDeadlineDetail(first));
        }

        using var deadline = new CancellationTokenSource(TimeLeft(), _retrier.Time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_options.CancellationToken, deadline.Token);
        var retry = _retrier.Begin(first);
        _retry = retry;
        _stop = stop;
        if (_cancelled is not null)
        {
            await stop.CancelAsync().ConfigureAwait(false);
        }

        var outcome = await _retrier.RunAsync(this, stop.Token).ConfigureAwait(false);
        _stop = null;
        switch (outcome.Exception)
        {
            case null:
                return outcome.Result;
            case RpcException failure:
                throw End(WithDeadlineDetail(retry.Explain(failure)));
            case OperationCanceledException when _cancelled is { } detail:
                throw _retrier.ToThrow(End(new RpcException(new Status(StatusCode.Cancelled, detail))));
            case OperationCanceledException when _options.CancellationToken.IsCancellationRequested:
                // An attempt under a cancelled token sends nothing and ends just as the channel ends cancelled calls.
                return await AttemptAsync(retry).ConfigureAwait(false);
            case OperationCanceledException when deadline.IsCancellationRequested:
                Account?.DeadlineExceeded(WaitPhase.Retry);
                var last = retry.Latest.Status;
                throw _retrier.ToThrow(End(new RpcException(new Status(
                    StatusCode.DeadlineExceeded,
                    $"{DeadlineText()} before attempt {retry.Attempts + 1}. The last one failed with {last.StatusCode}: {last.Detail}",
                    retry.Latest))));
            default:
                ExceptionDispatchInfo.Throw(outcome.Exception);
                throw outcome.Exception;
        }
    }

    RetryState IRetriedCall.Retry => _retry!;

    bool IRetriedCall.ShouldRetry(RpcException failure) =>
        _cancelled is null && !IsAnswered && _retry!.Allows(failure)
        && Interlocked.CompareExchange(ref _attempt, AttemptState.GivenUp, AttemptState.Open) == AttemptState.Open;

    async ValueTask<Outcome<bool>> IRetriedCall<bool>.AttemptAsync()
    {
        try
        {
            return Outcome.FromResult(await AttemptAsync(_retry!).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            return Outcome.FromException<bool>(e);
        }
    }

    private Task<bool> AttemptAsync(RetryState retry)
    {
        var headers = PreviousAttempts.AddTo(_options.Headers, retry.Attempts++);
        DisposeAttempt();
        _headers = Headers.Unknown;
        using (CallScope.Start(this, Flows))
        {
            StartAttempt(_options.WithHeaders(headers));
        }

        _attempt = AttemptState.Open;
        if (_cancelled is not null)
        {
            DisposeAttempt();
        }

        return FinishAttemptAsync();
    }

    private RpcException End(RpcException end)
    {
        _end = end;
        return end;
    }

    // The channel leaves the detail empty when the deadline passes after the headers.
    private RpcException WithDeadlineDetail(RpcException failure) =>
        failure.StatusCode == StatusCode.DeadlineExceeded && failure.Status.Detail.Length == 0
            ? new RpcException(new Status(StatusCode.DeadlineExceeded, $"{DeadlineText()} while the response was awaited.", failure), failure.Trailers)
            : failure;

    private string DeadlineText()
    {
        var spent = _retrier.Time.GetElapsedTime(_startedAt).TotalSeconds;
        return FormattableString.Invariant($"The deadline, set by {_origin}, passed after {spent:0.###} s,");
    }

    private TimeSpan TimeLeft()
    {
        if (_time == Timeout.InfiniteTimeSpan)
        {
            return _time;
        }

        var left = _time - _retrier.Time.GetElapsedTime(_startedAt);
        return left <= TimeSpan.Zero ? TimeSpan.Zero : left > TimerExtensions.LongestTimer ? TimerExtensions.LongestTimer : left;
    }
}
