using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints;

/// <summary>Looks at the connections of a pool now and then, while it has any: those past their lifetime, those nobody uses, those that should have closed.</summary>
internal sealed class EndpointUpkeep(EndpointPool pool, TimeSpan idleTimeout, TimeProvider timeProvider, ILogger logger) : IDisposable
{
    /// <summary>How long a connection may finish its calls.</summary>
    public static readonly TimeSpan LongestRetirement = TimeSpan.FromHours(1);

    private static readonly TimeSpan Look = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan ShortestLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan HeldWarning = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();

    // Guarded by _lock.
    private readonly HashSet<Http2Connection> _warned = [];
    private ITimer? _timer;
    private bool _isDisposed;

    /// <summary>Makes sure of the next look.</summary>
    public void Start()
    {
        lock (_lock)
        {
            if (_timer is null && !_isDisposed)
            {
                _timer = timeProvider.CreateUncapturedTimer(static upkeep => ((EndpointUpkeep)upkeep!).Run(), this, Period());
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

    private void Run()
    {
        lock (_lock)
        {
            _timer?.Dispose();
            _timer = null;
        }

        foreach (var connection in pool.Connections.Current)
        {
            LookAt(connection);
        }

        foreach (var connection in pool.Connections.Retired)
        {
            LookAtRetired(connection);
        }

        if (pool.Connections.Current.Length + pool.Connections.Retired.Length > 0)
        {
            Start();
        }
    }

    private void LookAt(Http2Connection connection)
    {
        var now = timeProvider.GetTimestamp();
        var isUnused = connection.Occupied == 0;
        if (connection.Lifetime != Timeout.InfiniteTimeSpan && connection.Wire!.Age >= connection.Lifetime)
        {
            if (isUnused)
            {
                pool.Retire(connection, "its lifetime is over");
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
            pool.Retire(connection, "nobody has used it for its idle timeout");
        }
    }

    private void LookAtRetired(Http2Connection connection)
    {
        var age = timeProvider.GetElapsedTime(connection.RetiredAt);
        if (age >= LongestRetirement)
        {
            connection.Abort();
        }
        else if (age >= HeldWarning && _warned.Add(connection))
        {
            logger.RetiredConnectionHeld(pool.Address, connection.Occupied, age.TotalSeconds);
        }
    }
}
