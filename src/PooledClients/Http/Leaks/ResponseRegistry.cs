using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Timing;

namespace PooledClients.Http.Leaks;

/// <summary>
/// Looks after the responses that are open, among the exchanges that are under way. Nothing here holds a response: one that is dropped is collected, and
/// after each collection it looks which are gone.
/// </summary>
internal sealed class ResponseRegistry : ISnapshotSource, IDisposable
{
    private static readonly TimeSpan SweepInterval = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly ResponseReports _reports;
    private readonly ITimer _sweep;
    private int _open;

    // Written under the lock: while the first is set the timer runs and the other is set too; the notice of a collection outlasts it by one.
    private volatile bool _isSweeping;
    private bool _isWatching;
    private bool _isDisposed;

    public ResponseRegistry(HttpMetrics metrics, TimeProvider time, ILogger<ResponseRegistry> logger)
    {
        _time = time;
        _reports = new ResponseReports(metrics, logger);
        Deadlines = new DeadlineSchedule(time);
        _sweep = time.CreateUncapturedTimer(static state => ((ResponseRegistry)state!).Sweep(), this, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The exchanges that are under way, and their deadlines.</summary>
    public DeadlineSchedule Deadlines { get; }

    /// <summary>How many responses are open.</summary>
    public int Open => Volatile.Read(ref _open);

    /// <summary>How many of them somebody is reading, as far as can be told.</summary>
    public int Reading
    {
        get
        {
            var now = _time.GetTimestamp();
            return Count(exchange => exchange.HeldFor(now) < SweepInterval);
        }
    }

    /// <summary>The exchange whose response has been open for longest.</summary>
    public HttpExchange? Oldest
    {
        get
        {
            HttpExchange? oldest = null;
            Visit(exchange => oldest = oldest is null || exchange.OpenFor > oldest.OpenFor ? exchange : oldest);
            return oldest;
        }
    }

    /// <summary>The age of the oldest open response; zero without one.</summary>
    public TimeSpan OldestAge => Oldest?.OpenFor ?? TimeSpan.Zero;

    /// <summary>How many responses of one client are open.</summary>
    public int OpenOf(IExchangeOwner owner) => Count(exchange => exchange.Owner == owner);

    public void AddTo(SnapshotBuilder snapshot)
    {
        var open = new List<HttpExchange>();
        var now = _time.GetTimestamp();
        Visit(open.Add);
        snapshot.OpenResponses.AddRange(open.Select(exchange => new OpenResponseSnapshot
        {
            Client = exchange.Owner.Name,
            Method = exchange.Route.Method,
            Uri = exchange.Route.Path,
            HeldFor = exchange.OpenFor,
            UnreadFor = exchange.HeldFor(now) is var unread && unread > TimeSpan.Zero ? unread : null,
            Origin = exchange.CallSite,
        }).OrderByDescending(static response => response.HeldFor));
    }

    /// <summary>A response is open. Costs a count, unless it is the first for a while.</summary>
    public void Opened()
    {
        Interlocked.Increment(ref _open);
        if (!_isSweeping)
        {
            Begin();
        }
    }

    /// <summary>It is open no more.</summary>
    public void Closed() => Interlocked.Decrement(ref _open);

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

    private void Begin()
    {
        lock (_lock)
        {
            if (_isDisposed || _isSweeping)
            {
                return;
            }

            _isSweeping = true;
            _sweep.Change(SweepInterval, SweepInterval);
            if (!_isWatching)
            {
                _isWatching = true;
                CollectionNotice.Post(SweepAfterCollection);
            }
        }
    }

    // Told before the count is read, as a response is counted before it looks: one of the two sees the other.
    private bool EndIfNoneIsOpen()
    {
        if (Open > 0)
        {
            return false;
        }

        _isSweeping = false;
        Interlocked.MemoryBarrier();
        if (Open > 0)
        {
            _isSweeping = true;
            return false;
        }

        _sweep.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        return true;
    }

    private void SweepAfterCollection()
    {
        Sweep();
        lock (_lock)
        {
            _isWatching = _isSweeping && !_isDisposed;
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
            if (_isDisposed || !_isSweeping || EndIfNoneIsOpen())
            {
                return;
            }

            var now = _time.GetTimestamp();
            Visit(exchange =>
            {
                if (exchange.IsDropped)
                {
                    // Here, so that the route is known to leak before the response counts as open no more.
                    exchange.Route.MarkLeaked();
                    exchange.Route.Authority.Leaked();
                    collected.Add(exchange);
                }
                else
                {
                    Judge(exchange, exchange.HeldFor(now), warned, aborted);
                }
            });
        }

        _reports.Leaked(collected.Where(static exchange => exchange.TryCollect()).ToList());
        _reports.Held(warned);
        foreach (var exchange in aborted.Where(static exchange => exchange.Abort(ExchangeEnd.HeldTooLong)))
        {
            _reports.Aborted(exchange);
        }
    }

    private void Visit(Action<HttpExchange> visit) => Deadlines.Visit(item =>
    {
        if (item is HttpExchange { IsOpen: true } exchange)
        {
            visit(exchange);
        }
    });

    private int Count(Predicate<HttpExchange> counts)
    {
        var count = 0;
        Visit(exchange => count += counts(exchange) ? 1 : 0);
        return count;
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
