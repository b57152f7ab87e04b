using System.Collections.Concurrent;

namespace PooledClients.Connections;

/// <summary>
/// Looks once a second at what is kept for hosts, for as long as anything is, and lets it be forgotten where nobody has used it between two
/// looks: a crawler meets hosts without end.
/// </summary>
internal sealed class IdleSweep : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ConcurrentDictionary<Func<bool>, bool> _sweeps = new();
    private readonly ITimer _timer;
    private bool _isRunning;
    private bool _isDisposed;

    public IdleSweep(TimeProvider time)
        => _timer = time.CreateUncapturedTimer(static sweep => ((IdleSweep)sweep!).Run(), this, Timeout.InfiniteTimeSpan);

    /// <summary>Gets whether anything is kept that may have to be forgotten, as far as it has looked.</summary>
    public bool IsRunning => Volatile.Read(ref _isRunning);

    /// <summary>Adds a look that lasts as long as the container, or until it is removed; it returns whether anything is left to look at.</summary>
    public void Add(Func<bool> sweep) => _sweeps[sweep] = true;

    public void Remove(Func<bool> sweep) => _sweeps.TryRemove(sweep, out _);

    /// <summary>Something has been added that may have to be forgotten.</summary>
    public void Wake()
    {
        if (Volatile.Read(ref _isRunning))
        {
            return;
        }

        lock (_lock)
        {
            if (!_isRunning && !_isDisposed)
            {
                _isRunning = true;
                _timer.Change(Interval, Interval);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        _timer.Dispose();
    }

    private void Run()
    {
        var isAnyLeft = false;
        foreach (var sweep in _sweeps.Keys)
        {
            isAnyLeft |= sweep();
        }

        if (isAnyLeft)
        {
            return;
        }

        lock (_lock)
        {
            // Told before the last look: what is added meanwhile is either seen by it or finds the timer stopped and starts it.
            Volatile.Write(ref _isRunning, false);
            Interlocked.MemoryBarrier();
            if (_isDisposed)
            {
                return;
            }

            if (_sweeps.Keys.Any(static sweep => sweep()))
            {
                Volatile.Write(ref _isRunning, true);
            }
            else
            {
                _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            }
        }
    }
}
