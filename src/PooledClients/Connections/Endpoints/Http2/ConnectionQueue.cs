using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>
/// The calls that wait for a connection of one endpoint, and the one decision: which connection a call gets, and when one more is dialed.
/// All of it happens under the pool's lock, which only the wait takes by itself; the counts are read anywhere.
/// </summary>
internal sealed class ConnectionQueue(Lock @lock, ConnectionSet connections, DialsUnderWay dials, EndpointDialer dialer, ILogger logger)
{
    /// <summary>What RFC 9113 recommends as the least that a server takes, and what is expected of one that was not heard.</summary>
    public const int AssumedStreamLimit = 100;

    private readonly WaitQueue<ConnectionGrant> _calls = new();
    private volatile int _streamLimit = AssumedStreamLimit;
    private bool _hasToldWhy;
    private volatile bool _isClosed;

    /// <summary>Gets the calls that wait.</summary>
    public int Count => _calls.Count;

    /// <summary>Gets whether nobody may wait any more.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Gets or sets how many calls a connection carries at a time, as the server last said.</summary>
    public int StreamLimit
    {
        get => _streamLimit;
        set => _streamLimit = value;
    }

    /// <summary>Takes a connection with room, if nobody waits for one.</summary>
    public Http2Connection? TryTake() => _calls.Count == 0 ? Pick() : null;

    /// <summary>
    /// Waits for a connection behind those who came first, for as long as the token lets it. When it was for room within the budget, the
    /// exception's cause says so.
    /// </summary>
    public async ValueTask<ConnectionGrant> TakeAsync(CancellationToken cancellationToken)
    {
        WaitQueue<ConnectionGrant>.Waiter waiter;
        lock (@lock)
        {
            if (_isClosed)
            {
                return default;
            }

            // Announced before the look: who makes room does that first and looks for waiters then, so one of the two sees the other.
            waiter = _calls.Append();
            Interlocked.MemoryBarrier();
            Serve();
        }

        try
        {
            return await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Asked before the last waiter leaves, and the dial with it.
            var budget = dialer.Budget.Explain();
            Leave(waiter)?.Exit();
            if (budget is null)
            {
                throw;
            }

            throw new OperationCanceledException(budget.Message, budget, cancellationToken);
        }
    }

    /// <summary>Connecting has failed: who waits shares the failure, unless a connection is up that may yet carry the call.</summary>
    public void Fail(Exception exception)
    {
        dialer.Reachability.Fail(exception);
        if (connections.Current.Length == 0)
        {
            _calls.EndAll(new ConnectionGrant(Connection: null, exception));
        }
    }

    /// <summary>Lets nobody wait any more.</summary>
    public void Close()
    {
        _isClosed = true;
        _calls.EndAll(default);
    }

    /// <summary>
    /// The one decision: a call that waits gets the least occupied connection with room; where none has any, one more is dialed, or not.
    /// </summary>
    public void Serve()
    {
        while (_calls.Count > 0)
        {
            if (Pick() is { } picked)
            {
                _calls.GrantFirst(new ConnectionGrant(picked, Failure: null));
                continue;
            }

            var up = connections.Current;
            var decision = new DialDecision(
                _calls.Count,
                up.Length,
                connections.Ready,
                up.Count(static connection => connection is { IsClosedToAll: true, IsExpired: false }),
                up.Count(static connection => !connection.IsExpired) + dials.Count,
                dials.Count,
                dialer.Budget.Cap,
                _streamLimit);
            Tell(decision);
            if (!decision.Dials)
            {
                return;
            }

            dials.Start(isForCalls: true);
        }

        _hasToldWhy = false;
        dials.Abandon();
    }

    // What the waiter was given meanwhile, if it was.
    private Http2Connection? Leave(WaitQueue<ConnectionGrant>.Waiter waiter)
    {
        lock (@lock)
        {
            if (!_calls.Remove(waiter))
            {
                return waiter.Task.Result.Connection;
            }

            Serve();
            return null;
        }
    }

    private Http2Connection? Pick()
    {
        // Before the look at who has room: a server that is heard in between has it then.
        var isReplacing = connections.IsReplacing;
        var picked = connections.LeastOccupied();
        picked?.Enter();
        if (picked is { IsExpired: true } && dials.Count == 0 && !isReplacing)
        {
            // Replaced before it is given up.
            dials.Start(isForCalls: false);
        }

        return picked;
    }

    // Calls that go on waiting say why once.
    private void Tell(DialDecision decision)
    {
        if ((decision.Dials || !_hasToldWhy) && logger.IsEnabled(LogLevel.Debug))
        {
            logger.ConnectionDecision(dialer.Target.Name, decision.Dials, decision.ToString());
        }

        _hasToldWhy = !decision.Dials;
    }
}
