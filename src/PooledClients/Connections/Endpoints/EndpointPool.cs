using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Logging;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;
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
/// cap (towards the process's budget it does), and closes with its last call or at a bounded age. One whose lifetime is over is used
/// until another one is up in its place.
/// </remarks>
internal sealed class EndpointPool : IEndpointConnections, IDisposable
{
    /// <summary>What RFC 9113 recommends as the least that a server takes, and what is expected of one that was not heard.</summary>
    public const int AssumedStreamLimit = 100;

    // Connections that only finish their calls, for each that the cap allows: no lifetime ends beyond that.
    private const int MostRetired = 3;

    private readonly Lock _lock = new();
    private readonly EndpointDialer _dialer;
    private readonly TimeProvider _timeProvider;
    private readonly ILogger _logger;
    private readonly IEndpointOwner _owner;
    private readonly AddressWatch? _watch;
    private readonly EndpointUpkeep _upkeep;

    // All three are changed under _lock, and their counts read anywhere.
    private readonly ConnectionSet _connections = new();
    private readonly DialsUnderWay _dials;
    private readonly WaitQueue<ConnectionGrant> _calls = new();

    // Guarded by _lock, but for reading the first two.
    private volatile int _streamLimit = AssumedStreamLimit;
    private volatile bool _isClosed;
    private bool _hasToldWhy;

    public EndpointPool(EndpointDialer dialer, TimeSpan idleTimeout, IEndpointOwner owner, TimeProvider timeProvider, ILogger logger, AddressWatch? watch = null)
    {
        _dialer = dialer;
        _dials = new DialsUnderWay(this, dialer);
        _owner = owner;
        _watch = watch;
        _timeProvider = timeProvider;
        _logger = logger;
        Silence = new SilenceRule(timeProvider);
        _upkeep = new EndpointUpkeep(this, idleTimeout, timeProvider, logger);
    }

    /// <summary>Gets whose connections they are: an address's, or one endpoint's of several.</summary>
    public IEndpointOwner Owner => _owner;

    public string Address => _dialer.Target.Name;

    /// <summary>Gets the queue in front of the process's budget.</summary>
    public GateAddress Budget => _dialer.Budget;

    /// <summary>Gets how often connections that have gone silent may be replaced.</summary>
    public SilenceRule Silence { get; }

    /// <summary>Gets the connections, and what is on them.</summary>
    public ConnectionSet Connections => _connections;

    /// <summary>Gets how many connections are being made.</summary>
    public int Dialing => _dials.Count;

    /// <summary>Gets how many calls a connection carries at a time, as the server last said.</summary>
    public int StreamLimit => _streamLimit;

    /// <summary>Gets the number of what connections are made with now.</summary>
    public int GenerationNumber => _owner.GenerationNumber;

    /// <summary>Gets the calls that wait for a connection.</summary>
    public int Waiting => _calls.Count;

    /// <summary>Gets why the last dial failed; none when it did not.</summary>
    public ConnectFailure? Failure => _dialer.Backoff.Failure;

    /// <summary>Gets whether a connection is up whose server has spoken HTTP/2.</summary>
    public bool IsReady => _connections.Ready > 0;

    public bool IsGone => _dials.Count == 0 && _connections is { Current.Length: 0, Retired.Length: 0 };

    public Exception? LastFailure => Failure?.Exception;

    /// <summary>Takes a connection that has room, if nobody waits for one; the caller gives it back by <see cref="Http2Connection.Exit"/>.</summary>
    public bool TryTake([NotNullWhen(true)] out Http2Connection? connection)
    {
        lock (_lock)
        {
            connection = _calls.Count == 0 ? PickLocked() : null;
            return connection is not null;
        }
    }

    /// <summary>
    /// Waits for a connection behind those who came first, for as long as the token lets it. When it was for room within the budget, the
    /// exception's cause says so.
    /// </summary>
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
            // Asked before the last waiter leaves, and the dial with it.
            var budget = Budget.Explain();
            Leave(waiter)?.Exit();
            if (budget is null)
            {
                throw;
            }

            throw new OperationCanceledException(budget.Message, budget, cancellationToken);
        }
    }

    public void Prepare()
    {
        lock (_lock)
        {
            if (!_isClosed && _connections.Current.Length == 0 && _dials.Count == 0)
            {
                _dials.Start(isForCalls: false);
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

        if (connection.Occupied == 0 && _connections.InFlight == 0)
        {
            _owner.Idle();
        }
    }

    /// <summary>A connection's server has told how many calls it carries.</summary>
    public void LimitLearned(Http2Connection connection)
    {
        _dialer.Backoff.Connected();
        lock (_lock)
        {
            _streamLimit = connection.Limit ?? AssumedStreamLimit;
            ServeLocked();
        }

        _watch?.Reached(Address);
        _owner.LimitLearned(_streamLimit);
    }

    /// <summary>A connection's server has answered for the first time.</summary>
    public void Answered() => _dialer.Backoff.Succeed();

    /// <summary>Picks a connection no more: it finishes the calls that it has.</summary>
    public void Retire(Http2Connection connection, string reason)
    {
        IOException? failure = null;
        lock (_lock)
        {
            if (!_connections.Retire(connection, _timeProvider.GetTimestamp()))
            {
                return;
            }

            // One that served nobody is as good as a dial that failed.
            if (!connection.WasAnswered && connection.Entered > 0)
            {
                failure = new IOException($"The connection to {Address} ended before its first answer: {reason}.");
                _dialer.Backoff.Fail(failure);
            }

            ServeLocked();
        }

        if (failure is not null)
        {
            TellOfFailure(failure);
        }

        _logger.ConnectionRetired(Address, reason, connection.Occupied);
        connection.CloseWhenUnused();
        TellWhenLost();
    }

    /// <summary>A connection's lifetime is over: it is used until another one is up, unless too many only finish their calls already.</summary>
    public void Expire(Http2Connection connection)
    {
        lock (_lock)
        {
            if (!connection.IsExpired && !connection.IsRetired && _connections.Retired.Length < MostRetired * Budget.Cap)
            {
                connection.IsExpired = true;
                connection.LeaveCap();
            }
        }
    }

    /// <summary>What connections are made with has changed: those that are up or being made are picked no more.</summary>
    public void RetireAll()
    {
        Http2Connection[] retired;
        lock (_lock)
        {
            _dials.Discard();
            retired = _connections.Current;
            Array.ForEach(retired, connection => _connections.Retire(connection, _timeProvider.GetTimestamp()));
            ServeLocked();
        }

        Array.ForEach(retired, static connection => connection.CloseWhenUnused());
        TellWhenLost();
    }

    /// <summary>Closes the connections on which nothing is.</summary>
    public void RetireUnused()
    {
        foreach (var connection in _connections.Current)
        {
            if (connection.Occupied == 0)
            {
                Retire(connection, "others wait for room");
            }
        }
    }

    /// <summary>The server has turned down our certificate on a connection that was up.</summary>
    public void IdentityRefused(Http2Connection connection, IdentityRefusedException exception)
    {
        Retire(connection, exception.Message);
        lock (_lock)
        {
            FailLocked(exception);
        }

        TellOfFailure(exception);
    }

    /// <summary>A connection's socket is closed.</summary>
    public void Closed(Http2Connection connection)
    {
        Retire(connection, "its socket is closed");
        lock (_lock)
        {
            _connections.Remove(connection);
        }

        if (_connections.InFlight == 0)
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

        _upkeep.Dispose();
        RetireAll();
    }

    /// <summary>Closes everything at once.</summary>
    public void Dispose()
    {
        Close();
        foreach (var connection in _connections.Retired)
        {
            connection.Abort();
            connection.CloseWhenUnused();
        }
    }

    /// <summary>A dial has made a connection; <paramref name="dial"/> tells whether it is still what is wanted.</summary>
    public void Dialed(Http2Connection connection, Dial dial)
    {
        Http2Connection[] replaced = [connection];
        var isAdded = false;
        lock (_lock)
        {
            if (_dials.TryEnd(dial))
            {
                replaced = [.. _connections.Current.Where(static current => current.IsExpired)];
                Array.ForEach(replaced, expired => _connections.Retire(expired, _timeProvider.GetTimestamp()));
                _connections.Add(connection);
                _upkeep.Start();
                ServeLocked();
                isAdded = true;
            }
        }

        Array.ForEach(replaced, static connection => connection.CloseWhenUnused());
        if (isAdded)
        {
            _owner.Connected();
        }
    }

    /// <summary>A dial's handshake takes long, and its server has other addresses: calls that wait have the next one dialed.</summary>
    public void DialIsLate(Dial dial)
    {
        lock (_lock)
        {
            if (_dials.TryLeave(dial))
            {
                ServeLocked();
            }
        }
    }

    /// <summary>A dial has failed, or was given up.</summary>
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
                FailLocked(exception);
            }

            ServeLocked();
        }

        if (exception is not null)
        {
            TellOfFailure(exception);
            _owner.DialFailed();
        }
    }

    // The one decision: a call that waits gets the least occupied connection with room; where none has any, one more is dialed, or not.
    private void ServeLocked()
    {
        while (_calls.Count > 0)
        {
            if (PickLocked() is { } picked)
            {
                _calls.GrantFirst(new ConnectionGrant(picked, Failure: null));
                continue;
            }

            var up = _connections.Current;
            var decision = new DialDecision(
                _calls.Count,
                up.Length,
                _connections.Ready,
                up.Count(static connection => connection.Limit == 0),
                up.Count(static connection => !connection.IsExpired) + _dials.Count,
                _dials.Count,
                Budget.Cap,
                _streamLimit);
            var dials = decision.Dials && !_isClosed;
            if (dials || !_hasToldWhy)
            {
                // Calls that go on waiting say why once.
                _hasToldWhy = !dials;
                if (_logger.IsEnabled(LogLevel.Debug))
                {
                    _logger.ConnectionDecision(Address, dials, decision.ToString());
                }
            }

            if (!dials)
            {
                return;
            }

            _dials.Start(isForCalls: true);
        }

        _hasToldWhy = false;
        _dials.Abandon();
    }

    private Http2Connection? PickLocked()
    {
        var picked = _connections.LeastOccupied();
        picked?.Enter();
        if (picked is { IsExpired: true } && _dials.Count == 0)
        {
            // Replaced before it is given up.
            _dials.Start(isForCalls: false);
        }

        return picked;
    }

    // Who waits shares the failure, unless a connection is up that may yet carry the call.
    private void FailLocked(Exception exception)
    {
        _dialer.Backoff.Fail(exception);
        if (_connections.Current.Length == 0)
        {
            _calls.EndAll(new ConnectionGrant(Connection: null, exception));
        }
    }

    private void TellWhenLost()
    {
        if (_connections.Current.Length == 0 && !_isClosed)
        {
            _owner.Lost();
        }
    }

    // Under no lock, for it may be logged.
    private void TellOfFailure(Exception exception)
    {
        if (!LocalFault.IsOutOfDescriptors(exception))
        {
            _watch?.Failed(Address, exception, _dialer.Backoff.RemainingGap());
        }
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
