namespace PooledClients.Http.Exchanges.Timing;

/// <summary>
/// What is under way, in no order, and a timer for the earliest deadline among all that were in it since it last looked. What has none is in it for those
/// who look at all of them.
/// </summary>
internal sealed class DeadlineList : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    // Guarded by the lock. The timer is set for _next, which is never after the earliest deadline in the list.
    private TimedItem? _first;
    private long _next = long.MaxValue;
    private bool _isDisposed;

    public DeadlineList(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateUncapturedTimer(static list => ((DeadlineList)list!).OnTimer(), this, Timeout.InfiniteTimeSpan);
    }

    public void Add(TimedItem item)
    {
        lock (_lock)
        {
            item.List = this;
            item.NextDue = _first;
            if (_first is not null)
            {
                _first.PreviousDue = item;
            }

            _first = item;
            SetFor(item);
        }
    }

    /// <summary>It may be due earlier than it was. What is due later is found so when it is looked at.</summary>
    public void Hasten(TimedItem item)
    {
        lock (_lock)
        {
            if (item.List == this)
            {
                SetFor(item);
            }
        }
    }

    public void Remove(TimedItem item)
    {
        lock (_lock)
        {
            if (item.List != this)
            {
                return;
            }

            item.List = null;
            if (item.PreviousDue is { } previous)
            {
                previous.NextDue = item.NextDue;
            }
            else
            {
                _first = item.NextDue;
            }

            if (item.NextDue is { } next)
            {
                next.PreviousDue = item.PreviousDue;
            }

            item.PreviousDue = null;
            item.NextDue = null;
            StopIfDone();
        }
    }

    /// <summary>Shows each to <paramref name="visit"/>, which holds up all others here meanwhile.</summary>
    public void Visit(Action<TimedItem> visit)
    {
        lock (_lock)
        {
            for (var item = _first; item is not null; item = item.NextDue)
            {
                visit(item);
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            StopIfDone();
        }
    }

    private void StopIfDone()
    {
        if (_isDisposed && _first is null)
        {
            _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _next = long.MaxValue;
        }
    }

    private void SetFor(TimedItem item)
    {
        if (item.DueAt is var due && due < _next)
        {
            Set(due, TimeSpan.Zero);
        }
    }

    private void Set(long next, TimeSpan atLeast)
    {
        _next = next;
        var wait = _time.GetElapsedTime(_time.GetTimestamp(), next);
        wait = wait < atLeast ? atLeast : wait > TimerExtensions.LongestTimer ? TimerExtensions.LongestTimer : wait;
        _timer.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private void OnTimer()
    {
        List<TimedItem>? due = null;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            var next = long.MaxValue;
            for (var item = _first; item is not null; item = item.NextDue)
            {
                var at = item.DueAt;
                if (at <= now)
                {
                    (due ??= []).Add(item);
                }
                else if (at < next)
                {
                    next = at;
                }
            }

            _next = long.MaxValue;
            if (next != long.MaxValue)
            {
                Set(next, DeadlineSchedule.Granularity);
            }
        }

        // Outside the lock, for the end of each takes it from the list.
        foreach (var item in due ?? [])
        {
            item.EndAsDue();
        }
    }
}
