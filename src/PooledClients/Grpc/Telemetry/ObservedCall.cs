using System.Diagnostics;
using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>
/// A call that somebody listens to, from where the pipeline begins it to its end. The handler finds it by the thread that starts the call,
/// or, where something of the application's may come between, by the execution context.
/// </summary>
/// <param name="method">Its method.</param>
/// <param name="many">How it is made, if it is several of the channel's: then those are its children, and it is only what they are together.</param>
/// <param name="activity">Its span, if it has one of ours.</param>
/// <param name="parent">The call that it is a part of.</param>
internal sealed class ObservedCall(MethodCalls method, string? many, Activity? activity, ObservedCall? parent = null) : CallObserver
{
    public const string Hedged = "hedge";
    public const string Retried = "retry";

    private static readonly AsyncLocal<ObservedCall?> Flowing = new();

    [ThreadStatic]
    private static ObservedCall? _current;

    // Each field is so many bytes a call.
    private readonly bool _isHedged = many == Hedged;
    private readonly long _startedAt = method.Time.GetTimestamp();

    // The timestamp at which the attempt under way began, 0 while there is none: whoever takes it tells of the attempt's end.
    private long _attemptAt;

    // Since when there is no attempt, and how long there was none until then; of the parent, if there is one.
    private long _idleSince;
    private long _idle;
    private int _attempts;
    private int _transparent;
    private int _ended;
    private long _sent;
    private long _received;

    public override MethodCalls Method => method;

    /// <summary>Whether the sizes of its messages are wanted.</summary>
    public bool MeasuresSizes => method.Metrics.MeasuresSizes;

    /// <summary>The call of this method that this thread, or this flow, is about to make.</summary>
    public static ObservedCall? Find(MethodCalls method)
    {
        if (_current is { } call && ReferenceEquals(call.Method, method))
        {
            return call;
        }

        return Flowing.Value is { } flowing && ReferenceEquals(flowing.Method, method) ? flowing : null;
    }

    /// <summary>Makes a call the one that this thread starts, until the result is disposed.</summary>
    public static Scope Enter(ObservedCall? call, bool flows) => new(call, flows);

    /// <summary>Begins one of the calls that this one is made of.</summary>
    public ObservedCall Child() => new(method, many: null, activity: null, this);

    public override void AttemptBegins(bool isTransparent)
    {
        var now = method.Time.GetTimestamp();
        var whole = parent ?? this;
        Interlocked.Increment(ref isTransparent ? ref whole._transparent : ref whole._attempts);
        if (Interlocked.Exchange(ref whole._idleSince, 0) is var since and not 0)
        {
            Interlocked.Add(ref whole._idle, now - since);
        }

        Volatile.Write(ref _attemptAt, now);
        if (method.Metrics.AttemptsStarted is { Enabled: true } started)
        {
            started.Add(1, method.MethodTag, method.TargetTag);
        }
    }

    public override void AttemptEnds(StatusCode status)
    {
        var began = Interlocked.Exchange(ref _attemptAt, 0);
        if (began == 0)
        {
            return;
        }

        Volatile.Write(ref (parent ?? this)._idleSince, method.Time.GetTimestamp());
        var metrics = method.Metrics;
        var statusTag = StatusNames.Tag(status);
        if (metrics.AttemptDuration.Enabled)
        {
            metrics.AttemptDuration.Record(method.Time.GetElapsedTime(began).TotalSeconds, method.MethodTag, method.TargetTag, statusTag);
        }

        if (metrics.SentSize.Enabled)
        {
            metrics.SentSize.Record(Interlocked.Exchange(ref _sent, 0), method.MethodTag, method.TargetTag, statusTag);
        }

        if (metrics.ReceivedSize.Enabled)
        {
            metrics.ReceivedSize.Record(Interlocked.Exchange(ref _received, 0), method.MethodTag, method.TargetTag, statusTag);
        }
    }

    public void Sent(long bytes) => Interlocked.Add(ref _sent, bytes);

    public void Received(long bytes) => Interlocked.Add(ref _received, bytes);

    public override Action<StatusCode?>? StreamBegins(HttpResponseMessage response, TimeSpan? remaining)
    {
        var since = method.Time.GetTimestamp();

        // Who lets go of a stream that goes on has cancelled it.
        return failure => Ends(EndOf(response, method.Time.GetElapsedTime(since), remaining) ?? failure ?? StatusCode.Cancelled);
    }

    public override void StreamEnds(StatusCode status) => Ends(status);

    /// <summary>The call ends with its response.</summary>
    public void EndsWith(Task response) => CallFollower.Follow(this, response);

    /// <summary>The call ends with what it returns or throws.</summary>
    public TResult EndsWith<TInvoker, TCall, TResult>(TInvoker invoker, in TCall call, Func<TInvoker, TCall, TResult> make)
    {
        try
        {
            var result = make(invoker, call);
            Ends(StatusCode.OK);
            return result;
        }
        catch (RpcException exception)
        {
            Ends(exception.StatusCode);
            throw;
        }
        catch (OperationCanceledException)
        {
            Ends(StatusCode.Cancelled);
            throw;
        }
    }

    /// <summary>The whole call has ended, which ends the attempt that is under way. Told once.</summary>
    public void Ends(StatusCode status)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        AttemptEnds(status);
        if (parent is not null)
        {
            return;
        }

        activity?.SetTag("rpc.response.status_code", StatusNames.Of(status));
        activity?.SetStatus(status == StatusCode.OK ? ActivityStatusCode.Unset : ActivityStatusCode.Error);
        activity?.Stop();
        Record(status);
    }

    private void Record(StatusCode status)
    {
        var metrics = method.Metrics;
        if (metrics.CallDuration.Enabled)
        {
            metrics.CallDuration.Record(method.Time.GetElapsedTime(_startedAt).TotalSeconds, method.MethodTag, method.TargetTag, StatusNames.Tag(status));
        }

        if (_transparent > 0 && metrics.TransparentRetries.Enabled)
        {
            metrics.TransparentRetries.Record(_transparent, method.MethodTag, method.TargetTag);
        }

        if (_attempts <= 1)
        {
            return;
        }

        var further = _isHedged ? metrics.Hedges : metrics.Retries;
        if (further.Enabled)
        {
            further.Record(_attempts - 1, method.MethodTag, method.TargetTag);
        }

        if (!_isHedged && metrics.RetryDelay.Enabled)
        {
            metrics.RetryDelay.Record(method.Time.GetElapsedTime(0, _idle).TotalSeconds, method.MethodTag, method.TargetTag);
        }
    }

    /// <summary>Restores what was the call before.</summary>
    internal readonly ref struct Scope
    {
        private readonly ObservedCall? _outer;
        private readonly Activity? _outerActivity;
        private readonly bool _isSet;
        private readonly bool _hasSpan;
        private readonly bool _flows;

        public Scope(ObservedCall? call, bool flows)
        {
            if (call is null)
            {
                return;
            }

            _isSet = true;
            _flows = flows;
            _outer = _current;
            _current = call;
            if (flows)
            {
                Flowing.Value = call;
            }

            // The span was started as the current one; from here on, on the way out, the caller's is it again. A later part of the call begins
            // under whatever is current where somebody waits for it, and belongs under the whole's.
            _hasSpan = (call.Span ?? call.Whole?.Span) is not null;
            if (call.Span is { } span)
            {
                _outerActivity = span.Parent;
            }
            else if (_hasSpan)
            {
                _outerActivity = Activity.Current;
                Activity.Current = call.Whole!.Span;
            }
        }

        public void Dispose()
        {
            if (!_isSet)
            {
                return;
            }

            if (_hasSpan)
            {
                Activity.Current = _outerActivity;
            }

            _current = _outer;
            if (_flows)
            {
                Flowing.Value = null;
            }
        }
    }

    private Activity? Span => activity;

    private ObservedCall? Whole => parent;
}
