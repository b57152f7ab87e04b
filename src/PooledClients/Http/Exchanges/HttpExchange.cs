using System.Diagnostics.CodeAnalysis;
using PooledClients.Connections.Endpoints;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.Http.Retries;
using PooledClients.Http.Routes;

namespace PooledClients.Http.Exchanges;

/// <summary>
/// One request and its response until the body's end: its deadline, its phases, and who opened it. The registry and the timers hold
/// it, so it must never hold the response: it reaches it through a weak reference to its body.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "A source without a timer or a link has nothing to dispose, and a late read may still ask for its token.")]
internal sealed class HttpExchange : TimedExchange, IHttpCall, IPendingCall
{
    public static readonly HttpRequestOptionsKey<HttpExchange> Key = new("PooledClients.Exchange");

    // Replaced by the reader alone, after a cancellation that came too late for the read that it was for.
    private CancellationTokenSource _abort = new();
    private ITimer? _readTimer;
    private CancellationTokenRegistration _ambient;
    private HeldBody _held;
    private WeakReference<IOpenBody>? _content;
    private ExchangePhases _phases;
    private RequestStage _stage;
    private long _openedAt;
    private long _abortedAt;
    private int _reads;
    private int _end;

    /// <param name="owner">The client whose it is.</param>
    /// <param name="route">What it is a call of.</param>
    /// <param name="deadline">When it is over, its body included, unless that is read as a stream.</param>
    /// <param name="callSite">Who made it, if known.</param>
    /// <param name="ofStream">What holds in place of the deadline once the body is read as a stream; none where the deadline holds for it too.</param>
    public HttpExchange(IExchangeOwner owner, HttpRoute route, TimeSpan deadline, string? callSite, StreamLimits? ofStream = null)
        : base(owner, deadline, ofStream)
    {
        Route = route;
        route.Authority.Begin();
        CallSite = callSite;
        _phases = new ExchangePhases(StartedAt);
        if (deadline == TimeSpan.Zero)
        {
            Abort(ExchangeEnd.DeadlinePassed);
        }
        else
        {
            // Without a deadline too: who looks for open responses looks there.
            Owner.Deadlines.Add(this);
        }
    }

    public HttpRoute Route { get; }

    /// <summary>The method that sent the request; <see langword="null"/> when this call's stack was not among the sampled.</summary>
    public string? CallSite { get; }

    /// <summary>Cancelled when the exchange has to stop: passed to everything that is awaited on its behalf.</summary>
    public CancellationToken Token => Volatile.Read(ref _abort).Token;

    public ExchangeEnd End => (ExchangeEnd)Volatile.Read(ref _end);

    public ExchangePhase Phase => _phases.Current;

    /// <summary>The phase in which the exchange was aborted.</summary>
    public ExchangePhase EndedIn { get; private set; }

    /// <summary>Whether a transport of ours tells how far the request comes; without one it is taken to be on its way all the time.</summary>
    public bool HasTransport { get; init; }

    public RequestStage Stage => HasTransport ? _stage : RequestStage.WithTransport;

    public bool IsServersAnswer => !HasTransport || _stage == RequestStage.Answered;

    public bool HasClientsDeadline { get; init; }

    // Whose turn it is while a body is being sent, nobody can tell: its source may be what takes the time.
    public bool WasLeftUnanswered
        => End == ExchangeEnd.DeadlinePassed && Stage == RequestStage.WithTransport && EndedIn is ExchangePhase.Waiting or ExchangePhase.WaitingForHeaders;

    // A request without headers tells nothing of its way: it counts as one that waits.
    bool IPendingCall.IsPending => _phases.Current is ExchangePhase.Waiting or ExchangePhase.Connecting;

    void IPendingCall.Unsent() => Give(ExchangePhase.Connecting);

    /// <summary>How long the response has been open.</summary>
    public TimeSpan OpenFor => Time.GetElapsedTime(_openedAt);

    public bool IsOpen => Volatile.Read(ref _content) is not null;

    // Guarded by the list that it is in.
    internal bool WasWarned { get; set; }

    /// <summary>Has the exchange end, its body included, with the work that it is made for.</summary>
    public void EndWith(CancellationToken work)
    {
        if (work.CanBeCanceled)
        {
            _ambient = work.UnsafeRegister(static state => ((HttpExchange)state!).Abort(ExchangeEnd.Cancelled), this);

            // Pairs with TryEnd, which sets the end first and takes the registration back then.
            Interlocked.MemoryBarrier();
            if (IsOver)
            {
                _ambient.Unregister();
            }
        }
    }

    public void Enter(ExchangePhase phase) => Enter(phase, Time.GetTimestamp());

    public void BackOff()
    {
        _stage = RequestStage.WithHandlers;
        Enter(ExchangePhase.BackingOff);
    }

    /// <summary>The transport has the request.</summary>
    public void Give(ExchangePhase phase)
    {
        _stage = RequestStage.WithTransport;
        Enter(phase);
    }

    public void Answered(Destination? holding)
    {
        _held.Begin(holding, ref _end);
        _stage = RequestStage.Answered;
        Enter(ExchangePhase.Waiting);
    }

    /// <summary>For reports that may come late: changes nothing unless the exchange is in <paramref name="from"/>.</summary>
    public void Advance(ExchangePhase from, ExchangePhase to)
    {
        if (_phases.Current == from)
        {
            Enter(to);
        }
    }

    /// <summary>Takes the way to the response whose body is open; from here on an abort disposes it.</summary>
    public void Bind(IOpenBody content)
    {
        _openedAt = LastActivity = Time.GetTimestamp();
        Enter(ExchangePhase.HoldingBody, _openedAt);
        Owner.Opened(this);
        Volatile.Write(ref _content, SpareReferences.Take(content));

        // Pairs with TryEnd, which sets the end first and looks for the content then: one of the two sees the other.
        Interlocked.MemoryBarrier();
        if (IsOver && Interlocked.Exchange(ref _content, null) is not null)
        {
            Owner.Closed(this);
            content.Close();
        }
    }

    /// <summary>Whether the response whose body is open was dropped, and the collector has found it.</summary>
    /// <remarks>The end is asked last: a reference leads to the next response, or to none, only once its exchange has ended.</remarks>
    public bool IsDropped => Volatile.Read(ref _content) is { } weak && !weak.TryGetTarget(out _) && !IsOver;

    /// <summary>How long the body has been open with nobody reading it.</summary>
    public TimeSpan HeldFor(long now) => Volatile.Read(ref _reads) > 0 ? TimeSpan.Zero : Time.GetElapsedTime(LastActivity, now);

    public override void EndAsDue() => Abort(IsDueForSilence ? ExchangeEnd.ReadTimedOut : ExchangeEnd.DeadlinePassed);

    public void BeginRead(TimeSpan? readTimeout)
    {
        var isFirst = Interlocked.Increment(ref _reads) == 1;
        if (readTimeout is { } timeout)
        {
            var timer = _readTimer ??= Time.CreateUncapturedTimer(static state => ((HttpExchange)state!).OnReadTimer(), this, Timeout.InfiniteTimeSpan);
            timer.Change(timeout, Timeout.InfiniteTimeSpan);
        }

        if (isFirst)
        {
            var now = Time.GetTimestamp();
            LastActivity = now;
            Enter(ExchangePhase.ReadingBody, now);
        }
    }

    public void EndRead()
    {
        if (End != ExchangeEnd.None)
        {
            // Nothing is asked of it any more, and its timers are disposed.
            Interlocked.Decrement(ref _reads);
            return;
        }

        _readTimer?.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        var now = Time.GetTimestamp();
        LastActivity = now;
        if (Interlocked.Decrement(ref _reads) == 0)
        {
            Enter(ExchangePhase.HoldingBody, now);
        }
    }

    /// <summary>Cancels what is awaited on the exchange's behalf, for the caller does not wait for it any more.</summary>
    public void CancelWaits() => Volatile.Read(ref _abort).Cancel();

    /// <summary>Gets the token for one more read: what cancelled the one before holds no more, unless the exchange has ended.</summary>
    public CancellationToken RenewToken()
    {
        if (_abort.IsCancellationRequested && !IsOver)
        {
            Volatile.Write(ref _abort, new CancellationTokenSource());

            // Pairs with Abort, which ends the exchange first and looks for the source then.
            Interlocked.MemoryBarrier();
            if (IsOver)
            {
                _abort.Cancel();
            }
        }

        return _abort.Token;
    }

    /// <summary>The body is over, or there is none: nothing is held any more.</summary>
    public bool TryComplete() => TryEnd(ExchangeEnd.Completed, out _);

    public bool TryCollect() => TryEnd(ExchangeEnd.Collected, out _);

    /// <summary>Cancels what is awaited, and then disposes the response: HTTP/1.1 closes on the one, HTTP/2 resets on the other.</summary>
    public bool Abort(ExchangeEnd end)
    {
        if (End == ExchangeEnd.None)
        {
            // Before the end is seen, for whoever sees it describes them.
            EndedIn = _phases.Current;
            _abortedAt = Time.GetTimestamp();
        }

        if (!TryEnd(end, out var content))
        {
            return false;
        }

        Owner.Aborted(this, end);
        CancelWaits();
        content?.Close();
        return true;
    }

    /// <summary>Where the time went, in words.</summary>
    public string Describe() => _phases.Describe(Time, _abortedAt != 0 ? _abortedAt : Time.GetTimestamp());

    private bool IsOver => End != ExchangeEnd.None;

    private void Enter(ExchangePhase phase, long now)
    {
        if (_abortedAt == 0)
        {
            _phases.Enter(phase, now);
        }
    }

    private void OnReadTimer()
    {
        // The timer may have fired while the read was ending.
        if (Volatile.Read(ref _reads) > 0)
        {
            Abort(ExchangeEnd.ReadTimedOut);
        }
    }

    private bool TryEnd(ExchangeEnd end, out IOpenBody? content)
    {
        content = null;
        if (Interlocked.CompareExchange(ref _end, (int)end, (int)ExchangeEnd.None) != (int)ExchangeEnd.None)
        {
            return false;
        }

        if (Interlocked.Exchange(ref _content, null) is { } reference)
        {
            Owner.Closed(this);
            if (end == ExchangeEnd.Completed)
            {
                SpareReferences.Keep(reference);
            }
            else if (reference.TryGetTarget(out var target))
            {
                content = target;
            }
        }

        Route.Authority.End();
        List?.Remove(this);
        _readTimer?.Dispose();
        _ambient.Unregister();
        _held.End();
        return true;
    }
}
