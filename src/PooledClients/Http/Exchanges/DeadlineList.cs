namespace PooledClients.Http.Exchanges;

/// <summary>Exchanges in no order, and a timer for the earliest deadline among all that were in it since it last looked.</summary>
internal sealed class DeadlineList : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ITimer _timer;

    // Guarded by the lock. The timer is set for _next, which is never after the earliest deadline in the list.
    private HttpExchange? _first;
    private long _next = long.MaxValue;
    private bool _isDisposed;

    public DeadlineList(TimeProvider time)
    {
        _time = time;
        _timer = time.CreateUncapturedTimer(static list => ((DeadlineList)list!).OnTimer(), this, Timeout.InfiniteTimeSpan);
    }

    public void Add(HttpExchange exchange)
    {
        lock (_lock)
        {
            exchange.Deadlines = this;
            exchange.NextDue = _first;
            if (_first is not null)
            {
                _first.PreviousDue = exchange;
            }

            _first = exchange;
            SetFor(exchange);
        }
    }

    /// <summary>It may be due earlier than it was. What is due later is found so when it is looked at.</summary>
    public void Hasten(HttpExchange exchange)
    {
        lock (_lock)
        {
            if (exchange.Deadlines == this)
            {
                SetFor(exchange);
            }
        }
    }

    public void Remove(HttpExchange exchange)
    {
        lock (_lock)
        {
            if (exchange.Deadlines != this)
            {
                return;
            }

            exchange.Deadlines = null;
            if (exchange.PreviousDue is { } previous)
            {
                previous.NextDue = exchange.NextDue;
            }
            else
            {
                _first = exchange.NextDue;
            }

            if (exchange.NextDue is { } next)
            {
                next.PreviousDue = exchange.PreviousDue;
            }

            exchange.PreviousDue = null;
            exchange.NextDue = null;
            StopIfDone();
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

    private void SetFor(HttpExchange exchange)
    {
        if (exchange.DueAt is var due && due < _next)
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
        List<HttpExchange>? due = null;
        lock (_lock)
        {
            var now = _time.GetTimestamp();
            var next = long.MaxValue;
            for (var exchange = _first; exchange is not null; exchange = exchange.NextDue)
            {
                var at = exchange.DueAt;
                if (at <= now)
                {
                    (due ??= []).Add(exchange);
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
        foreach (var exchange in due ?? [])
        {
            exchange.AbortAsDue();
        }
    }
}
