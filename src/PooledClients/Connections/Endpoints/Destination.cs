using PooledClients.Connections.Budget;
using PooledClients.Connections.Telemetry;
using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Endpoints;

/// <summary>
/// One address as one generation of a handler sees it whose connections the runtime picks: over HTTP/1.1, and through proxies. The calls
/// in flight, the connections that are open, and the budget's queue in front of them.
/// </summary>
internal sealed class Destination(string address, GateAddress gate, Action idle) : IConnectionOwner
{
    private readonly Lock _lock = new();

    // Live connections, those in the handshake included; guarded by _lock.
    private readonly HashSet<PooledConnection> _live = [];
    private volatile int _connections;
    private volatile int _up;
    private int _inFlight;

    // The dials under way; guarded by _lock.
    private int _dials;
    private volatile bool _isUsed = true;
    private volatile bool _isForgotten;
    private volatile bool _isForeign;

    public string Address => address;

    // The runtime does what it always does at such an end; the words are said when it has given up.
    public bool HearsRefusals => false;

    // A request over HTTP/1.1 has its connection for itself, and ends it with its deadline.
    public bool WatchesSilence => !TcpInfo.IsTold;

    public bool IsSecure { get; } = address.StartsWith("https:", StringComparison.Ordinal) || address.StartsWith("wss:", StringComparison.Ordinal);

    public GateAddress Gate => gate;

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Gets the connections that are up or in the handshake.</summary>
    public int Connections => _connections;

    /// <summary>Gets the connections that are up.</summary>
    public int Up => _up;

    /// <summary>Gets whether what was asked in HTTP/2 was last answered in something else.</summary>
    public bool IsForeign => _isForeign;

    /// <summary>A server that was spoken to in HTTP/2 has begun to answer.</summary>
    public void Heard(bool isHttp2) => _isForeign = !isHttp2;

    /// <summary>Counts a call.</summary>
    /// <returns>Whether it did; not so when this is kept no more, and another is to be found.</returns>
    public bool TryBeginCall()
    {
        Interlocked.Increment(ref _inFlight);
        if (_isForgotten)
        {
            Interlocked.Decrement(ref _inFlight);
            return false;
        }

        if (!_isUsed)
        {
            _isUsed = true;
        }

        return true;
    }

    public void EndCall()
    {
        if (Interlocked.Decrement(ref _inFlight) == 0)
        {
            idle();
        }
    }

    /// <summary>Counts a dial, which may outlive the call that it was made for.</summary>
    /// <returns>Whether it did; not so when this is kept no more, and another is to be found.</returns>
    public bool TryBeginDial()
    {
        lock (_lock)
        {
            _dials += _isForgotten ? 0 : 1;
            return !_isForgotten;
        }
    }

    public void EndDial()
    {
        lock (_lock)
        {
            _dials--;
        }
    }

    /// <summary>Gives it up where it has no connection, no call and no dial, and nobody has used it since the last look.</summary>
    public bool TryForget()
    {
        var wasUsed = _isUsed;
        _isUsed = false;
        lock (_lock)
        {
            if (wasUsed || _live.Count > 0 || _dials > 0 || InFlight > 0)
            {
                return false;
            }

            // Told before the last look, as a call counts itself before it looks: one of the two sees the other.
            _isForgotten = true;
            Interlocked.MemoryBarrier();
            _isForgotten = InFlight == 0;
            return _isForgotten;
        }
    }

    /// <summary>Adds the connection that a dial has made.</summary>
    public void Add(PooledConnection connection)
    {
        lock (_lock)
        {
            _live.Add(connection);
            _connections = _live.Count;
        }
    }

    public void Established(PooledConnection connection)
    {
        lock (_lock)
        {
            if (_live.Contains(connection) && !connection.IsUp)
            {
                connection.IsUp = true;
                _up++;
            }
        }
    }

    public void Refused(PooledConnection connection, IdentityRefusedException exception)
    {
    }

    // Each request dials for itself: the next one goes elsewhere.
    public void HandshakeLate()
    {
    }

    public void Closed(PooledConnection connection)
    {
        lock (_lock)
        {
            if (_live.Remove(connection))
            {
                _connections = _live.Count;
                _up -= connection.IsUp ? 1 : 0;
            }
        }
    }

    public IReadOnlyList<PooledConnection> Snapshot()
    {
        lock (_lock)
        {
            return [.. _live];
        }
    }

    public void CloseAll()
    {
        foreach (var connection in Snapshot())
        {
            connection.Abort();
        }
    }
}
