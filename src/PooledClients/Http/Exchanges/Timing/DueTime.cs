namespace PooledClients.Http.Exchanges.Timing;

/// <summary>When an exchange is to be ended, in timestamps: at its deadline, and as a stream also when nothing has come for too long.</summary>
internal struct DueTime
{
    private long _at;
    private long _idle = long.MaxValue;

    public DueTime(TimeProvider time, long startedAt, TimeSpan deadline) => _at = After(time, startedAt, deadline);

    /// <summary>Takes the limits of streams in place of what it had.</summary>
    public void Become(StreamLimits limits, TimeProvider time, long startedAt)
    {
        Volatile.Write(ref _idle, After(time, 0, limits.Idle));
        Volatile.Write(ref _at, After(time, startedAt, limits.Deadline));
    }

    /// <summary>When it is due as things stand: each read gives a stream more time.</summary>
    public long At(long lastActivity) => Math.Min(Volatile.Read(ref _at), IdleAt(lastActivity));

    /// <summary>Whether it is because nothing came.</summary>
    public bool IsIdle(long lastActivity) => IdleAt(lastActivity) < Volatile.Read(ref _at);

    private long IdleAt(long lastActivity) => Volatile.Read(ref _idle) is var idle && idle == long.MaxValue ? idle : lastActivity + idle;

    // A quarter of for ever at most, so that sums of two do not overflow.
    private static long After(TimeProvider time, long start, TimeSpan span) =>
        span == Timeout.InfiniteTimeSpan ? long.MaxValue : start + (long)Math.Min(span.TotalSeconds * time.TimestampFrequency, long.MaxValue / 4);
}
