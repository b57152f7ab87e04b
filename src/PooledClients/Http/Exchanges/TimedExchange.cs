using PooledClients.Http.Exchanges.Timing;

namespace PooledClients.Http.Exchanges;

/// <summary>What an exchange knows of time: when it began, when it is due, and that it is due otherwise once its body is read as a stream.</summary>
internal abstract class TimedExchange : TimedItem
{
    private readonly StreamLimits? _ofStream;

    // Written once more when the body is read as a stream: by whoever reads first, and read by the list of deadlines.
    private TimeSpan _deadline;
    private DueTime _due;
    private int _isStream;
    private long _lastActivity;

    /// <param name="owner">The client whose it is.</param>
    /// <param name="deadline">When it is over, its body included, unless that is read as a stream.</param>
    /// <param name="ofStream">What holds in place of the deadline once the body is read as a stream; none where the deadline holds for it too.</param>
    protected TimedExchange(IExchangeOwner owner, TimeSpan deadline, StreamLimits? ofStream)
    {
        Owner = owner;
        StartedAt = Time.GetTimestamp();
        _deadline = deadline;
        _ofStream = ofStream;
        _due = new DueTime(Time, StartedAt, deadline);
    }

    public IExchangeOwner Owner { get; }

    public TimeProvider Time => Owner.Time;

    /// <summary>What holds now: the deadline of the exchange or, once its body is read as a stream, of the stream.</summary>
    public TimeSpan Deadline => _deadline;

    /// <summary>How long a read of the body may wait for a byte.</summary>
    public TimeSpan Idle => Owner.Options.IdleReadTimeout ?? _ofStream?.Idle ?? Timeout.InfiniteTimeSpan;

    public TimeSpan Remaining => _deadline == Timeout.InfiniteTimeSpan ? _deadline : _deadline - Age is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>What is left until the deadline, or until the caller's client stops waiting; infinite without either, never negative.</summary>
    public TimeSpan RemainingToCaller => Owner.ClientTimeout is { } timeout && (Remaining == Timeout.InfiniteTimeSpan || timeout - Age < Remaining)
        ? TimeSpan.FromTicks(Math.Max(0, (timeout - Age).Ticks))
        : Remaining;

    public TimeSpan Age => Time.GetElapsedTime(StartedAt);

    /// <summary>Whether a body that is read as a stream has to bring something now and then.</summary>
    public bool IsStreamTimed => _ofStream is { } limits && limits.Idle != Timeout.InfiniteTimeSpan;

    public sealed override long DueAt => _due.At(LastActivity);

    protected long StartedAt { get; }

    /// <summary>When something of the body was last read, or nobody began to read it.</summary>
    protected long LastActivity
    {
        get => Volatile.Read(ref _lastActivity);
        set => Volatile.Write(ref _lastActivity, value);
    }

    /// <summary>Whether it is due because nothing came.</summary>
    protected bool IsDueForSilence => _due.IsIdle(LastActivity);

    /// <summary>The caller reads the body as a stream: the limits of streams hold from now on.</summary>
    public void BeginStream()
    {
        if (_ofStream is not { } limits || _isStream != 0 || Interlocked.Exchange(ref _isStream, 1) != 0)
        {
            return;
        }

        _deadline = limits.Deadline;
        _due.Become(limits, Time, StartedAt);
        List?.Hasten(this);
    }
}
