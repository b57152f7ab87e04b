namespace PooledClients.Resilience;

/// <summary>
/// How many extra attempts all callers of one address may make together: a share of their calls plus a floor a second, as
/// Finagle has it. What is not used is kept for ten seconds, so that a lost connection full of calls can be made good.
/// </summary>
/// <remarks>A call costs one interlocked increment; the sums are done when somebody wants to retry.</remarks>
internal sealed class RetryBudget
{
    private static readonly TimeSpan Window = TimeSpan.FromSeconds(10);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly double _ratio;
    private readonly double _perSecond;
    private long _calls;
    private long _countedCalls;
    private long _countedAt;
    private double _balance;

    public RetryBudget(TimeProvider time, double ratio = 0.2, double perSecond = 10)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(ratio);
        ArgumentOutOfRangeException.ThrowIfNegative(perSecond);
        _time = time;
        _ratio = ratio;
        _perSecond = perSecond;
        _countedAt = time.GetTimestamp();

        // One second's worth, so that the very first call of a process may be retried too.
        _balance = perSecond;
    }

    /// <summary>How many extra attempts could be made now.</summary>
    public double Available
    {
        get
        {
            lock (_lock)
            {
                Refill();
                return _balance;
            }
        }
    }

    /// <summary>Counts a call, once, however many attempts it takes.</summary>
    public void RecordCall() => Interlocked.Increment(ref _calls);

    /// <summary>Takes one extra attempt; <see langword="false"/> when the budget is spent.</summary>
    public bool TryTake()
    {
        lock (_lock)
        {
            Refill();
            if (_balance < 1)
            {
                return false;
            }

            _balance--;
            return true;
        }
    }

    private void Refill()
    {
        var now = _time.GetTimestamp();
        var elapsed = _time.GetElapsedTime(_countedAt, now);
        var calls = Volatile.Read(ref _calls);
        var earned = ((calls - _countedCalls) * _ratio) + (elapsed.TotalSeconds * _perSecond);

        // What was earned over more than a window is worth a window at the same rate, and what was left fades over a window:
        // an hour of healthy calls must not buy an hour of retries.
        var windows = elapsed / Window;
        _balance = windows >= 1 ? earned / windows : (_balance * (1 - windows)) + earned;
        _countedAt = now;
        _countedCalls = calls;
    }
}
