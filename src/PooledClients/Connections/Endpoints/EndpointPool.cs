using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Wire;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints;

/// <summary>
/// The HTTP/2 connections to one endpoint: each known by its own frames, none the runtime's to pick. A call takes the least occupied one
/// with room, else waits in order while one more is dialed below the cap.
/// </summary>
/// <remarks>
/// A connection whose use ends, by GOAWAY, lifetime, silence or new trust, is retired: it is picked no more, counts no more towards the
/// cap (towards the process's budget it does), and closes with its last call or at a bounded age. What connections are made with comes
/// anew for each from <c>createHandler</c>, so a change of trust asks only for <see cref="RetireAll"/>.
/// </remarks>
internal sealed class EndpointPool : IDisposable
{
    /// <summary>What RFC 9113 recommends as the least that a server takes, and what is expected of one that was not heard.</summary>
    public const int AssumedStreamLimit = 100;

    // Connections that only finish their calls, for each that the cap allows.
    private const int MostRetired = 3;

    private readonly Lock _lock = new();
    private readonly EndpointAddress _target;
    private readonly Func<SocketsHttpHandler> _createHandler;
    private readonly Connector _connector;
    private readonly ConnectBackoff _backoff;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly IEndpointOwner _owner;
    private readonly WaitQueue<ConnectionGrant> _calls = new();
    private readonly CancellationTokenSource _closing = new();
    private readonly EndpointUpkeep _upkeep;

    // Written under _lock, replaced as a whole; read anywhere. The first are those that are picked, the others only finish their calls.
    private volatile Http2Connection[] _connections = [];
    private volatile Http2Connection[] _retired = [];
    private volatile int _dialing;
    private volatile int _streamLimit = AssumedStreamLimit;

    // Guarded by _lock. A dial is abandoned where it only waits, for its gap or its lease, when no call waits any more.
    private CancellationTokenSource? _wanted;
    private int _changes;
    private bool _isClosed;
    private bool _wasDialing = true;

    public EndpointPool(
        EndpointAddress target,
        Func<SocketsHttpHandler> createHandler,
        Connector connector,
        ConnectBackoff backoff,
        GateAddress budget,
        TimeSpan idleTimeout,
        IEndpointOwner owner,
        TimeProvider timeProvider,
        ILogger logger)
    {
        _target = target;
        _createHandler = createHandler;
        _connector = connector;
        _backoff = backoff;
        Budget = budget;
        _owner = owner;
        _timeProvider = timeProvider;
        _logger = logger;
        _upkeep = new EndpointUpkeep(this, idleTimeout, timeProvider, logger);
    }

    public string Address => _target.Name;

    /// <summary>Gets the queue in front of the process's budget.</summary>
    public GateAddress Budget { get; }

    /// <summary>Gets the most connections at a time, those that only finish their calls apart.</summary>
    public int Cap => Budget.Cap;

    /// <summary>Gets the connections that may be picked.</summary>
    public IReadOnlyList<Http2Connection> Connections => _connections;

    /// <summary>Gets the connections that only finish the calls they have.</summary>
    public IReadOnlyList<Http2Connection> Retired => _retired;

    /// <summary>Gets how many dials are under way.</summary>
    public int Dialing => _dialing;

    /// <summary>Gets how many connections are up whose server has told its limit.</summary>
    public int Ready => _connections.Count(static connection => connection.Limit is not null);

    /// <summary>Gets how many calls a connection carries at a time, as the server last said.</summary>
    public int StreamLimit => _streamLimit;

    /// <summary>Gets the calls that wait for a connection.</summary>
    public int Waiting => _calls.Count;

    /// <summary>Gets the streams that are open or about to be, on whatever connection.</summary>
    public int InFlight
    {
        get
        {
            var inFlight = 0;
            foreach (var connection in _connections)
            {
                inFlight += connection.Occupied;
            }

            foreach (var connection in _retired)
            {
                inFlight += connection.Occupied;
            }

            return inFlight;
        }
    }

    /// <summary>Gets how many more calls the connections carry that are up.</summary>
    public int Free => (int)Math.Min(int.MaxValue, _connections.Sum(static connection => Math.Max(0L, (long)connection.Capacity - connection.Occupied)));

    /// <summary>Gets why the last dial failed; none when it did not.</summary>
    public ConnectFailure? Failure => _backoff.Failure;

    /// <summary>Takes a connection that has room, if nobody waits for one; the caller gives it back by <see cref="Http2Connection.Exit"/>.</summary>
    public bool TryTake([NotNullWhen(true)] out Http2Connection? connection)
    {
        lock (_lock)
        {
            connection = _calls.Count == 0 ? PickLocked() : null;
            return connection is not null;
        }
    }

    /// <summary>Waits for a connection behind those who came first, for as long as the token lets it.</summary>
    public async ValueTask<ConnectionGrant> TakeAsync(CancellationToken cancellationToken)
    {
        WaitQueue<ConnectionGrant>.Waiter waiter;
        lock (_lock)
        {
            if (_isClosed)
            {
                return default;
            }

            // Announced before the look: who makes room does that first and looks for waiters then, so one of the two sees the other.
            waiter = _calls.Append();
            Interlocked.MemoryBarrier();
            ServeLocked();
        }

        try
        {
            return await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            Leave(waiter)?.Exit();
            throw;
        }
    }

    /// <summary>Makes a connection ahead where there is none, so that the first call waits for no dial.</summary>
    public void Prepare()
    {
        lock (_lock)
        {
            if (!_isClosed && _connections.Length == 0 && _dialing == 0)
            {
                DialLocked(_closing.Token);
            }
        }
    }

    /// <summary>There may be room for a call that waits.</summary>
    public void RoomMade(Http2Connection connection)
    {
        Interlocked.MemoryBarrier();
        if (_calls.Count > 0)
        {
            lock (_lock)
            {
                ServeLocked();
            }
        }

        if (connection.Occupied == 0 && InFlight == 0)
        {
            _owner.Idle();
        }
    }

    /// <summary>A connection's server has told how many calls it carries.</summary>
    public void LimitLearned(Http2Connection connection)
    {
        _backoff.Connected();
        lock (_lock)
        {
            _streamLimit = connection.Limit ?? AssumedStreamLimit;
            ServeLocked();
        }

        _owner.LimitLearned(_streamLimit);
    }

    /// <summary>A connection's server has answered for the first time.</summary>
    public void Answered() => _backoff.Succeed();

    /// <summary>Picks a connection no more: it finishes the calls that it has.</summary>
    public void Retire(Http2Connection connection, string reason)
    {
        lock (_lock)
        {
            if (!RetireLocked(connection))
            {
                return;
            }

            // One that served nobody is as good as a dial that failed.
            if (!connection.WasAnswered && connection.Entered > 0)
            {
                _backoff.Fail(new IOException($"The connection to {Address} ended before its first answer: {reason}."));
            }

            ServeLocked();
        }

        _logger.ConnectionRetired(Address, reason, connection.Occupied);
        connection.CloseWhenUnused();
    }

    /// <summary>A connection's lifetime is over: it is used until another one is up, unless too many only finish their calls already.</summary>
    public void Expire(Http2Connection connection)
    {
        lock (_lock)
        {
            if (!connection.IsExpired && !connection.IsRetired && _retired.Length < MostRetired * Cap)
            {
                connection.IsExpired = true;
                connection.LeaveCap();
            }
        }
    }

    /// <summary>Picks no connection any more that is up or being made now; calls that wait get new ones.</summary>
    public void RetireAll()
    {
        Http2Connection[] retired;
        lock (_lock)
        {
            _changes++;
            retired = _connections;
            foreach (var connection in retired)
            {
                RetireLocked(connection);
            }

            ServeLocked();
        }

        foreach (var connection in retired)
        {
            connection.CloseWhenUnused();
        }
    }

    /// <summary>The server has turned down our certificate on a connection that was up.</summary>
    public void IdentityRefused(Http2Connection connection, IdentityRefusedException exception)
    {
        _backoff.Fail(exception);
        Retire(connection, exception.Message);
        FailWaiting(exception);
    }

    /// <summary>A connection's socket is closed.</summary>
    public void Closed(Http2Connection connection)
    {
        if (!connection.IsRetired)
        {
            _owner.Lost();
        }

        Retire(connection, "its socket is closed");
        lock (_lock)
        {
            _retired = [.. _retired.Where(retired => retired != connection)];
        }

        if (InFlight == 0)
        {
            _owner.Idle();
        }
    }

    /// <summary>Takes no call any more, and fails those that wait; what is under way may come to its end.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            _calls.EndAll(default);
        }

        _closing.Cancel();
        _upkeep.Dispose();
        RetireAll();
    }

    /// <summary>Closes everything at once.</summary>
    public void Dispose()
    {
        Close();
        foreach (var connection in _retired)
        {
            connection.Abort();
            connection.CloseWhenUnused();
        }
    }

    /// <summary>Closes the connections on which nothing is.</summary>
    public void RetireUnused()
    {
        foreach (var connection in _connections)
        {
            if (connection.Occupied == 0)
            {
                Retire(connection, "others wait for room");
            }
        }
    }

    // The one decision. A call that waits gets the least occupied connection with room. Where none has any, one more is dialed below the
    // cap, but only for the waiters beyond what the connections on their way are going to carry, and no more at a time than are up: a
    // server whose first limit is low, or whose limit swings, is soon heard again.
    private void ServeLocked()
    {
        while (_calls.Count > 0)
        {
            if (PickLocked() is { } picked)
            {
                _calls.GrantFirst(new ConnectionGrant(picked, Failure: null));
                continue;
            }

            var unheard = _connections.Count(static connection => connection.Limit is null);
            var closedToAll = _connections.Count(static connection => connection.Limit == 0);
            var current = _connections.Count(static connection => !connection.IsExpired);
            var coming = _dialing + unheard;
            var dials = !_isClosed
                && current + _dialing < Cap
                && coming < Math.Max(1, _connections.Length - unheard)
                && closedToAll < 2
                && _calls.Count > (long)coming * Math.Max(1, _streamLimit);
            if (dials || _wasDialing)
            {
                // Calls that go on waiting for the same reason say so once.
                _wasDialing = dials;
                _logger.ConnectionDecision(Address, _calls.Count, dials, _connections.Length, unheard, _dialing, _retired.Length, Cap, _streamLimit);
            }

            if (!dials)
            {
                return;
            }

            DialLocked((_wanted ??= new CancellationTokenSource()).Token);
        }

        if (_dialing > 0 && _wanted is not null)
        {
            _wanted.Cancel();
            _wanted = null;
        }
    }

    private Http2Connection? PickLocked()
    {
        Http2Connection? best = null;
        var least = int.MaxValue;
        foreach (var connection in _connections)
        {
            var occupied = connection.Occupied;
            if (occupied < connection.Capacity && (best is null || (connection.IsExpired, occupied).CompareTo((best.IsExpired, least)) < 0))
            {
                (best, least) = (connection, occupied);
            }
        }

        if (best is null)
        {
            return null;
        }

        best.Enter();
        if (best.IsExpired && _dialing == 0)
        {
            // Replaced before it is given up: who is past its lifetime carries calls until another one is up.
            DialLocked(_closing.Token);
        }

        return best;
    }

    private void DialLocked(CancellationToken wanted)
    {
        _dialing++;
        ThreadPool.UnsafeQueueUserWorkItem(static dial => _ = dial.Pool.DialAsync(dial.Changes, dial.Wanted), (Pool: this, Changes: _changes, Wanted: wanted), preferLocal: false);
    }

    private async Task DialAsync(int changes, CancellationToken wanted)
    {
        Http2Connection? connection = null;
        ConnectionLease? lease = null;
        Exception? failure = null;
        try
        {
            await Task.Delay(_backoff.RemainingGap(), _timeProvider, wanted).ConfigureAwait(false);
            connection = new Http2Connection(this, _createHandler());
            lease = await Budget.AcquireAsync(wanted).ConfigureAwait(false);
            await connection.OpenAsync(_connector, _target, lease, wanted).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            lease?.Dispose();
            failure = exception;
        }

        End(connection, changes, failure is OperationCanceledException && wanted.IsCancellationRequested ? null : failure, isUp: failure is null);
    }

    private void End(Http2Connection? connection, int changes, Exception? failure, bool isUp)
    {
        if (failure is not null)
        {
            _backoff.Fail(failure);
        }

        var expired = Array.Empty<Http2Connection>();
        lock (_lock)
        {
            _dialing--;
            if (isUp && changes == _changes)
            {
                expired = [.. _connections.Where(static connection => connection.IsExpired)];
                Array.ForEach(expired, expired => RetireLocked(expired));
                _connections = [.. _connections, connection!];
                connection = null;
                _upkeep.Start();
            }

            ServeLocked();
        }

        if (failure is not null)
        {
            FailWaiting(failure);
            _owner.Lost();
        }

        Array.ForEach(expired, static expired => expired.CloseWhenUnused());
        connection?.CloseWhenUnused();
    }

    private void FailWaiting(Exception failure)
    {
        lock (_lock)
        {
            if (_connections.Length == 0)
            {
                _calls.EndAll(new ConnectionGrant(Connection: null, failure));
            }
        }
    }

    private bool RetireLocked(Http2Connection connection)
    {
        if (Array.IndexOf(_connections, connection) < 0)
        {
            return false;
        }

        _connections = [.. _connections.Where(other => other != connection)];
        _retired = [.. _retired, connection];
        connection.RetiredAt = _timeProvider.GetTimestamp();
        connection.Retire();
        return true;
    }

    private Http2Connection? Leave(WaitQueue<ConnectionGrant>.Waiter waiter)
    {
        lock (_lock)
        {
            if (!_calls.Remove(waiter))
            {
                return waiter.Task.Result.Connection;
            }

            ServeLocked();
            return null;
        }
    }
}
