using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Timing;

namespace PooledClients.Http.Leaks;

/// <summary>
/// All exchanges whose response body is open, the oldest first. It holds no response: one that is dropped is collected,
/// and after each collection it looks which are gone.
/// </summary>
internal sealed class ResponseRegistry : ISnapshotSource, IDisposable
{
    private const int MostSpare = 256;

    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ResponseReports _reports;
    private readonly ITimer _sweep;

    // Guarded by the lock. A weak reference has a handle and a finalizer: made anew for each response, it costs a third of the tracking.
    private readonly Stack<WeakReference<IOpenBody>> _spare = new();
    private HttpExchange? _oldest;
    private HttpExchange? _newest;
    private int _open;
    private bool _isSweeping;
    private bool _isWatching;
    private bool _isDisposed;

    public ResponseRegistry(HttpMetrics metrics, TimeProvider time, ILogger<ResponseRegistry> logger)
    {
        _time = time;
        _reports = new ResponseReports(metrics, logger);
        Deadlines = new DeadlineSchedule(time);
        _sweep = time.CreateUncapturedTimer(static state => ((ResponseRegistry)state!).Sweep(), this, Timeout.InfiniteTimeSpan);
    }

    public DeadlineSchedule Deadlines { get; }

    /// <summary>How many responses are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>How many of them somebody is reading, as far as can be told.</summary>
    public int Reading
    {
        get
        {
            lock (_lock)
            {
                var now = _time.GetTimestamp();
                var reading = 0;
                for (var exchange = _oldest; exchange is not null; exchange = exchange.Next)
                {
                    reading += exchange.HeldFor(now) < SweepInterval ? 1 : 0;
                }

                return reading;
            }
        }
    }

    /// <summary>The exchange whose response has been open for longest.</summary>
    public HttpExchange? Oldest
    {
        get
        {
            lock (_lock)
            {
                return _oldest;
            }
        }
    }

    /// <summary>The age of the oldest open response; zero without one.</summary>
    public TimeSpan OldestAge => Oldest?.OpenFor ?? TimeSpan.Zero;

    public void AddTo(SnapshotBuilder snapshot)
    {
        lock (_lock)
        {
            for (var exchange = _oldest; exchange is not null; exchange = exchange.Next)
            {
                snapshot.OpenResponses.Add(new OpenResponseSnapshot
                {
                    Client = exchange.Owner.Name,
                    Method = exchange.Route.Method,
                    Uri = exchange.Route.Path,
                    HeldFor = exchange.OpenFor,
                    Origin = exchange.CallSite,
                });
            }
        }
    }

    /// <summary>Lists an exchange whose response is open.</summary>
    public void Add(HttpExchange exchange, IOpenBody content)
    {
        lock (_lock)
        {
            exchange.Bind(Refer(content));
            exchange.IsListed = true;
            exchange.Previous = _newest;
            if (_newest is null)
            {
                _oldest = exchange;
            }
            else
            {
                _newest.Next = exchange;
            }

            _newest = exchange;
            _open++;
            if (!_isSweeping)
            {
                _isSweeping = true;
                _sweep.Change(SweepInterval, SweepInterval);
            }

            if (!_isWatching)
            {
                _isWatching = true;
                CollectionNotice.Post(SweepAfterCollection);
            }
        }

        exchange.Owner.Opened(exchange);
        if (exchange.End != ExchangeEnd.None)
        {
            // It ended before it was listed, and found nothing to close or to remove.
            content.Close();
            Remove(exchange);
        }
    }

    public void Remove(HttpExchange exchange)
    {
        if (!exchange.IsListed)
        {
            return;
        }

        lock (_lock)
        {
            if (!exchange.IsListed)
            {
                return;
            }

            exchange.IsListed = false;
            if (exchange.Previous is { } previous)
            {
                previous.Next = exchange.Next;
            }
            else
            {
                _oldest = exchange.Next;
            }

            if (exchange.Next is { } next)
            {
                next.Previous = exchange.Previous;
            }
            else
            {
                _newest = exchange.Previous;
            }

            exchange.Previous = null;
            exchange.Next = null;
            _open--;
            Keep(exchange.Unbind());
        }

        exchange.Owner.Closed(exchange);
    }

    /// <summary>Follows up on a warning.</summary>
    public void OnReturned(HttpExchange exchange)
    {
        if (exchange.WasWarned)
        {
            _reports.Returned(exchange);
        }
    }

    /// <summary>Looks after nothing any more: what is still open has its own deadline.</summary>
    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
        }

        _sweep.Dispose();
        Deadlines.Dispose();
    }

    private WeakReference<IOpenBody> Refer(IOpenBody content)
    {
        if (!_spare.TryPop(out var reference))
        {
            return new WeakReference<IOpenBody>(content);
        }

        reference.SetTarget(content);
        return reference;
    }

    private void Keep(WeakReference<IOpenBody>? reference)
    {
        if (reference is not null && _spare.Count < MostSpare)
        {
            _spare.Push(reference);
        }
    }

    private void SweepAfterCollection()
    {
        Sweep();
        lock (_lock)
        {
            _isWatching = _oldest is not null && !_isDisposed;
            if (_isWatching)
            {
                CollectionNotice.Post(SweepAfterCollection);
            }
        }
    }

    private void Sweep()
    {
        var collected = new List<HttpExchange>();
        var warned = new List<HttpExchange>();
        var aborted = new List<HttpExchange>();
        lock (_lock)
        {
            if (_isDisposed)
            {
                return;
            }

            if (_oldest is null)
            {
                _isSweeping = false;
                _sweep.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
                return;
            }

            var now = _time.GetTimestamp();
            for (var exchange = _oldest; exchange is not null; exchange = exchange.Next)
            {
                if (exchange.IsDropped)
                {
                    // Here, so that the route is known to leak before the response counts as open no more.
                    exchange.Route.MarkLeaked();
                    collected.Add(exchange);
                }
                else
                {
                    Judge(exchange, exchange.HeldFor(now), warned, aborted);
                }
            }
        }

        _reports.Leaked(collected.Where(static exchange => exchange.TryCollect()).ToList());
        _reports.Held(warned);
        foreach (var exchange in aborted.Where(static exchange => exchange.Abort(ExchangeEnd.HeldTooLong)))
        {
            _reports.Aborted(exchange);
        }
    }

    private static void Judge(HttpExchange exchange, TimeSpan held, List<HttpExchange> warned, List<HttpExchange> aborted)
    {
        var options = exchange.Owner.Options;
        if (!exchange.WasWarned && IsOver(held, options.ResponseHeldWarning))
        {
            exchange.WasWarned = true;
            warned.Add(exchange);
        }

        if (IsOver(held, options.ResponseHeldTimeout))
        {
            aborted.Add(exchange);
        }
    }

    private static bool IsOver(TimeSpan held, TimeSpan? limit) => limit is { } most && most > TimeSpan.Zero && held >= most;
}
