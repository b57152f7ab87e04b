using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget;
using PooledClients.Diagnostics;

namespace PooledClients.Http.Leaks;

/// <summary>
/// Asks for a garbage collection while somebody waits for a connection and responses are open: the runtime gives leaked connections
/// back after one, but a process that waits allocates nothing, so none comes by itself.
/// </summary>
internal sealed class LeakCollector : IPressureRelief, IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly ResponseRegistry _registry;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _collect;
    private readonly ITimer _timer;

    // Guarded by the lock. The timer runs while somebody waits, or something is watched.
    private readonly List<Func<bool?>> _watched = [];
    private long? _lastAt;
    private int _waiting;

    public LeakCollector(ResponseRegistry registry, TimeProvider time, ILogger<LeakCollector> logger)
        : this(registry, time, logger, Collect)
    {
    }

    internal LeakCollector(ResponseRegistry registry, TimeProvider time, ILogger logger, Action collect)
    {
        _registry = registry;
        _time = time;
        _logger = logger;
        _collect = collect;
        _timer = time.CreateUncapturedTimer(static state => ((LeakCollector)state!).Look(), this, Timeout.InfiniteTimeSpan);
    }

    public void BeginWait()
    {
        lock (_lock)
        {
            if (++_waiting == 1 && _watched.Count == 0)
            {
                _timer.Change(Interval, Interval);
            }
        }

        if (_registry.Open > 0)
        {
            CollectIfDue();
        }
    }

    public void EndWait()
    {
        lock (_lock)
        {
            _waiting--;
            StopIfIdle();
        }
    }

    public void Watch(Func<bool?> isShort)
    {
        lock (_lock)
        {
            _watched.Add(isShort);
            if (_watched.Count == 1 && _waiting == 0)
            {
                _timer.Change(Interval, Interval);
            }
        }
    }

    public void Dispose() => _timer.Dispose();

    // Not blocking: the waiting calls lose nothing by it, and the running ones next to nothing.
    private static void Collect() => GC.Collect(GC.MaxGeneration, GCCollectionMode.Forced, blocking: false);

    private void Look()
    {
        var isShort = false;
        lock (_lock)
        {
            _watched.RemoveAll(look =>
            {
                var isShortHere = look();
                isShort |= isShortHere == true;
                return isShortHere is null;
            });
            isShort |= _waiting > 0 && _registry.Open > 0;
            StopIfIdle();
        }

        if (isShort)
        {
            CollectIfDue();
        }
    }

    private void StopIfIdle()
    {
        if (_waiting == 0 && _watched.Count == 0)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }
    }

    private void CollectIfDue()
    {
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            if (_lastAt is { } last && _time.GetElapsedTime(last, now) < Interval)
            {
                return;
            }

            _lastAt = now;
        }

        _logger.CollectionInduced(_registry.Open);
        _collect();
    }
}
