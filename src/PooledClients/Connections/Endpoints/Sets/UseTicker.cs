namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>Ticks while it is used, and a while after: nothing is swept while nobody calls.</summary>
internal sealed class UseTicker : IDisposable
{
    private const int IdleTicksUntilStop = 50;

    private readonly TimeSpan _interval;
    private readonly Action _tick;
    private readonly ITimer _timer;

    // Uses set it to zero, ticks count it up.
    private int _idleTicks = IdleTicksUntilStop;
    private volatile bool _isDisposed;

    public UseTicker(TimeSpan interval, Action tick, TimeProvider timeProvider)
    {
        _interval = interval;
        _tick = tick;
        _timer = timeProvider.CreateUncapturedTimer(static ticker => ((UseTicker)ticker!).Tick(), this, Timeout.InfiniteTimeSpan);
    }

    public void Use()
    {
        if (Volatile.Read(ref _idleTicks) > 0 && Interlocked.Exchange(ref _idleTicks, 0) >= IdleTicksUntilStop && !_isDisposed)
        {
            _timer.Change(_interval, _interval);
        }
    }

    public void Dispose()
    {
        _isDisposed = true;
        _timer.Dispose();
    }

    private void Tick()
    {
        if (_isDisposed)
        {
            return;
        }

        if (Interlocked.Increment(ref _idleTicks) >= IdleTicksUntilStop)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            if (Volatile.Read(ref _idleTicks) < IdleTicksUntilStop)
            {
                // It was used meanwhile, and may have been started before it was stopped.
                _timer.Change(_interval, _interval);
            }
        }

        _tick();
    }
}
