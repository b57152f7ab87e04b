using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>Looks at the connections of a pool now and then, while it has any: those past their lifetime, those nobody uses or needs, those that should have closed.</summary>
internal sealed class EndpointUpkeep(EndpointPool pool, TimeSpan connectTimeout, TimeSpan idleTimeout, TimeProvider timeProvider, ILogger logger) : IDisposable
{
    /// <summary>How long a connection may finish its calls.</summary>
    public static readonly TimeSpan LongestRetirement = TimeSpan.FromHours(1);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan HeldWarning = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    // Guarded by _lock. The timer is there from the start of the wait to the end of the look, so that there is one look at a time.
    private ITimer? _timer;
    private bool _isDisposed;

    // The looks' own: what was told of, and the most calls that one has seen since then.
    private readonly HashSet<Http2Connection> _warned = [];
    private readonly HashSet<Http2Connection> _unheard = [];
    private long _seenSince;
    private int _mostSeen;

    /// <summary>Makes sure of the next look.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_timer is null)
            {
                StartLocked();
            }
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            _isDisposed = true;
            _timer?.Dispose();
            _timer = null;
        }
    }

    private TimeSpan Period()
    {
        var shortest = pool.Connections.Current.Select(static connection => connection.Lifetime).Append(idleTimeout)
            .Where(static time => time != Timeout.InfiniteTimeSpan).Append(Look * 10).Min() / 10;
        return shortest < ShortestLook ? ShortestLook : shortest;
    }

    private void StartLocked() => _timer = _isDisposed
        ? null
        : timeProvider.CreateUncapturedTimer(static upkeep => ((EndpointUpkeep)upkeep!).Run(), this, Period());

    private void Run()
    {
        foreach (var connection in pool.Connections.Current)
        {
            LookAt(connection);
        }

        RetireSurplus();
        var retired = pool.Connections.Retired;
        Array.ForEach(retired, LookAtRetired);
        _warned.IntersectWith(retired);
        _unheard.IntersectWith(pool.Connections.Current);

        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
            if (pool.Connections.Current.Length + pool.Connections.Retired.Length > 0)
            {
                StartLocked();
            }
        }
    }

    private void LookAt(Http2Connection connection)
    {
        // It takes one call, which may have no deadline, and no other is dialed while it is on its way; but a server that is mute is not to gather
        // connections either. Until that call has armed a read, the silence is the handshake's.
        if (connection is { Limit: null, StreamsStarted: > 0, Wire.SilentFor: { } silence } && silence >= connectTimeout
            && pool.Connections.Retired.Length < ConnectionSet.MostRetired * pool.Budget.Cap && !_unheard.Add(connection))
        {
            pool.Retire(connection, "its server has not begun to speak HTTP/2");
            return;
        }

        var now = timeProvider.GetTimestamp();
        var isUnused = connection.Calls == 0;
        if (connection.Lifetime != Timeout.InfiniteTimeSpan && connection.Wire!.Age >= connection.Lifetime)
        {
            if (isUnused)
            {
                connection.Retire("its lifetime is over");
            }
            else
            {
                pool.Expire(connection);
            }
        }
        else if (!isUnused || connection.Idle is not { Since: not 0 } idle || idle.Entered != connection.Entered)
        {
            connection.Idle = (now, connection.Entered);
        }
        else if (idleTimeout != Timeout.InfiniteTimeSpan && timeProvider.GetElapsedTime(idle.Since) >= idleTimeout)
        {
            connection.Retire("nobody has used it for its idle timeout");
        }
    }

    // Calls spread over all connections, so that none is ever unused of those that a burst or a low limit once called for. What could carry
    // twice the calls that were seen within the idle timeout is enough.
    private void RetireSurplus()
    {
        var now = timeProvider.GetTimestamp();
        var current = pool.Connections.Current;
        _mostSeen = Math.Max(_mostSeen, pool.Connections.InFlight);
        if (_seenSince == 0 || current.Length <= 1)
        {
            (_seenSince, _mostSeen) = (now, 0);
        }
        else if (idleTimeout != Timeout.InfiniteTimeSpan && timeProvider.GetElapsedTime(_seenSince, now) >= idleTimeout)
        {
            var enough = (int)Math.Max(1, ((2L * _mostSeen) + pool.StreamLimit - 1) / Math.Max(1, pool.StreamLimit));

            foreach (var connection in current.OrderByDescending(static connection => connection.IsExpired).ThenBy(static connection => connection.Occupied).SkipLast(enough))
            {
                connection.IsSurplus = true;
                connection.Retire("fewer carry the calls of its idle timeout");
            }

            (_seenSince, _mostSeen) = (now, 0);
        }
    }

    // At a limit of zero the runtime keeps a connection that it may not use, and does not close it either.
    private bool IsKeptByNobody(Http2Connection connection) => connection.Occupied == 0 && timeProvider.GetElapsedTime(connection.RetiredAt) >= Look * 2;

    private void LookAtRetired(Http2Connection connection)
    {
        // What is wrong with nobody may go on for as long as its streams do.
        var age = connection.IsSurplus ? TimeSpan.Zero : timeProvider.GetElapsedTime(connection.RetiredAt);
        if (age >= LongestRetirement || IsKeptByNobody(connection))
        {
            connection.Abort();
        }
        else if (age >= HeldWarning && _warned.Add(connection))
        {
            logger.RetiredConnectionHeld(pool.Address, connection.Calls, age.TotalSeconds);
        }
    }
}
