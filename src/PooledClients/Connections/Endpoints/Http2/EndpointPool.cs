using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Wire;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// The HTTP/2 connections to one endpoint: each known by its own frames, none the runtime's to pick. A call takes the least occupied one
/// with room, else waits in order while one more is dialed below the cap.
/// </summary>
/// <remarks>
/// A connection whose use ends, by GOAWAY, lifetime, silence or new trust, is retired: it is picked no more, counts no more towards the
/// cap (towards the process's budget it does), and closes with its last call or at a bounded age. One whose lifetime is over is used
/// until another one is up in its place.
/// </remarks>
internal sealed class EndpointPool : IConnectionPool, IEndpointConnections, IDisposable
{
    private readonly Lock _lock = new();
    private readonly EndpointDialer _dialer;
    private readonly ILogger _logger;
    private readonly Reachability _reachability;
    private readonly EndpointUpkeep _upkeep;

    // All three are changed under _lock, and their counts read anywhere.
    private readonly ConnectionSet _connections;
    private readonly DialsUnderWay _dials;
    private readonly ConnectionQueue _calls;

    public EndpointPool(EndpointDialer dialer, TimeSpan connectTimeout, TimeSpan idleTimeout, IEndpointOwner owner, TimeProvider timeProvider, ILogger logger)
    {
        _dialer = dialer;
        _connections = new ConnectionSet(timeProvider);
        _dials = new DialsUnderWay(this, dialer);
        _calls = new ConnectionQueue(_lock, _connections, _dials, dialer, logger);
        Ahead = new ConnectionsAhead(_lock, _connections, _dials, _calls);
        Owner = owner;
        _reachability = dialer.Reachability;
        _logger = logger;
        Silence = new SilenceRule(timeProvider);
        _upkeep = new EndpointUpkeep(this, connectTimeout, idleTimeout, timeProvider, logger);
    }

    public IEndpointOwner Owner { get; }

    public string Address => _dialer.Target.Name;

    public SilenceRule Silence { get; }

    /// <summary>Gets the connections that no call of its own waits for.</summary>
    public ConnectionsAhead Ahead { get; }

    /// <summary>Gets the queue in front of the process's budget.</summary>
    public GateAddress Budget => _dialer.Budget;

    public ConnectionSet Connections => _connections;

    /// <summary>Gets how many connections are being made.</summary>
    public int Dialing => _dials.Count;

    /// <summary>Gets how many calls a connection carries at a time, as the server last said.</summary>
    public int StreamLimit => _calls.StreamLimit;

    /// <summary>Gets the calls that wait for a connection.</summary>
    public int Waiting => _calls.Count;

    public bool IsReady => _connections.IsAnswered;

    public bool IsGone => _dials.Count == 0 && _connections is { Current.Length: 0, Retired.Length: 0 };

    public Exception? LastFailure => _reachability.Failure?.Exception;

    /// <summary>Takes a connection that has room, if nobody waits for one; the caller gives it back by <see cref="Http2Connection.Exit"/>.</summary>
    public bool TryTake([NotNullWhen(true)] out Http2Connection? connection)
    {
        lock (_lock)
        {
            connection = _calls.TryTake();
            return connection is not null;
        }
    }

    /// <inheritdoc cref="ConnectionQueue.TakeAsync"/>
    public ValueTask<ConnectionGrant> TakeAsync(CancellationToken cancellationToken) => _calls.TakeAsync(cancellationToken);

    public void Prepare(bool isWaitedFor = false) => Ahead.Prepare(isWaitedFor);

    public void Abandon() => Ahead.Abandon();

    public void Dialed(Http2Connection connection, Dial dial)
    {
        Http2Connection[] replaced = [connection];
        var isWanted = false;
        lock (_lock)
        {
            if (_dials.TryEnd(dial) && !_connections.IsFull(Budget.Cap))
            {
                _connections.Add(connection);
                replaced = Owner.AsksFirst ? [] : _connections.RetireReplaced(isAnswered: false);
                _upkeep.Start();
                _calls.Serve();
                isWanted = true;
            }
        }

        Array.ForEach(replaced, static connection => connection.CloseWhenUnused());
        if (isWanted)
        {
            Owner.Connected();
        }
    }

    public void DialIsLate(Dial dial)
    {
        lock (_lock)
        {
            if (_dials.TryLeave(dial))
            {
                _calls.Serve();
            }
        }
    }

    public void DialFailed(Exception? exception, Dial dial)
    {
        lock (_lock)
        {
            if (!_dials.TryEnd(dial))
            {
                return;
            }

            // One that was late fails nobody where another one is up or on its way.
            if (exception is not null && !(dial.IsLate && _dials.Count + _connections.Current.Length > 0))
            {
                _calls.Fail(exception);
            }

            _calls.Serve();
        }

        if (exception is not null)
        {
            _reachability.Tell(exception);
            Owner.DialFailed();
        }
    }

    public void LimitLearned(Http2Connection connection)
    {
        _reachability.Reached();
        lock (_lock)
        {
            // What a server says to a connection that only finishes its calls is nothing to the others.
            _calls.StreamLimit = connection.IsRetired ? StreamLimit : connection.Limit ?? ConnectionQueue.AssumedStreamLimit;
            _calls.Serve();
        }

        Owner.LimitLearned(StreamLimit);
    }

    public void Answered()
    {
        _reachability.Answered();
        if (Owner.AsksFirst)
        {
            Ahead.EndReplacement();
        }

        Owner.Answered();
    }

    public void RoomMade(Http2Connection connection)
    {
        Interlocked.MemoryBarrier();
        if (_calls.Count > 0)
        {
            lock (_lock)
            {
                _calls.Serve();
            }
        }

        if (connection.Calls == 0 && _connections.InFlight == 0)
        {
            Owner.Idle();
        }
    }

    public void Retire(Http2Connection connection, string reason, bool isOurs = false)
    {
        Exception? failure;
        lock (_lock)
        {
            if (!_connections.Retire(connection))
            {
                return;
            }

            failure = isOurs ? null : _reachability.Retired(connection, reason);
            _calls.Serve();
        }

        if (failure is not null)
        {
            _reachability.Tell(failure);
        }

        _logger.ConnectionRetired(Address, reason, connection.Occupied);
        connection.CloseWhenUnused();
        TellWhenLost();
    }

    /// <summary>A connection's lifetime is over: it is used until another one is up, unless too many only finish their calls already. It leaves room for one below the cap.</summary>
    public void Expire(Http2Connection connection)
    {
        lock (_lock)
        {
            _connections.Expire(connection, Budget.Cap);
            _calls.Serve();
        }
    }

    /// <summary>What connections are made with has changed: those that are up or being made are picked no more.</summary>
    public void RetireAll()
    {
        Http2Connection[] retired;
        lock (_lock)
        {
            _dials.Discard();
            retired = _connections.RetireWhere(static _ => true);
            _calls.Serve();
        }

        Array.ForEach(retired, static connection => connection.CloseWhenUnused());
        TellWhenLost();
    }

    public void IdentityRefused(Http2Connection connection, IdentityRefusedException exception)
    {
        Retire(connection, exception.Message);
        lock (_lock)
        {
            _calls.Fail(exception);
        }

        _reachability.Tell(exception);
    }

    public void Closed(Http2Connection connection)
    {
        Retire(connection, "its socket is closed");
        lock (_lock)
        {
            _connections.Remove(connection);
        }

        if (_connections.InFlight == 0)
        {
            Owner.Idle();
        }
    }

    /// <summary>Takes no call any more, and fails those that wait; what is under way may come to its end.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _calls.Close();
        }

        _reachability.Forget();
        RetireAll();
    }

    /// <summary>Closes everything at once.</summary>
    public void Dispose()
    {
        Close();
        _upkeep.Dispose();
        foreach (var connection in _connections.Retired)
        {
            connection.Abort();
            connection.CloseWhenUnused();
        }
    }

    private void TellWhenLost()
    {
        if (_connections.Current.Length == 0 && !_calls.IsClosed)
        {
            Owner.Lost();
        }
    }
}
