namespace PooledClients.Grpc.Admission;

/// <summary>Looks at an address every few milliseconds, but only while its limit holds calls back or is open wider than its least.</summary>
internal sealed class AdmissionWatch : IDisposable
{
    /// <summary>Short enough to end a mistake quickly; a timer that is late is allowed for, since each look measures its own time.</summary>
    public static readonly TimeSpan Period = TimeSpan.FromMilliseconds(25);

    private readonly TimeProvider _time;
    private readonly Action<TimeSpan> _look;
    private readonly ITimer _timer;
    private long _last;
    private bool _running;

    public AdmissionWatch(TimeProvider time, Action<TimeSpan> look)
    {
        _time = time;
        _look = look;
        _timer = time.CreateUncapturedTimer(static watch => ((AdmissionWatch)watch!).Tick(), this, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Starts looking, unless it does already. Its caller holds the lock of the admission.</summary>
    public bool Start()
    {
        if (_running)
        {
            return false;
        }

        _running = true;
        _last = _time.GetTimestamp();
        _timer.Change(Period, Timeout.InfiniteTimeSpan);
        return true;
    }

    /// <summary>Looks again in a while, or not before the next <see cref="Start"/>. Its caller holds the lock of the admission.</summary>
    public void Continue(bool again)
    {
        _running = again;
        if (again)
        {
            _timer.Change(Period, Timeout.InfiniteTimeSpan);
        }
    }

    public void Dispose() => _timer.Dispose();

    private void Tick()
    {
        var now = _time.GetTimestamp();
        var elapsed = _time.GetElapsedTime(_last, now);
        _last = now;
        _look(elapsed);
    }
}
