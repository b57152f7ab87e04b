using System.Net;
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

    // Held while connections that nobody uses are closed: a call that begins meanwhile waits for it, or it would be given one of them.
    private readonly Lock _closing = new();
    private volatile bool _isClosing;

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
    private volatile bool _isShared;
    private int _bodies;

    public string Address => address;

    // The runtime does what it always does at such an end; the words are said when it has given up.
    public bool HearsRefusals => false;

    // A request over HTTP/1.1 has its connection for itself, and ends it with its deadline.
    public bool WatchesSilence => !TcpInfo.IsTold;

    public bool IsSecure { get; } = address.StartsWith("https:", StringComparison.Ordinal);

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

        if (_isClosing)
        {
            lock (_closing)
            {
            }
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

    /// <summary>A response has come whose body may be on a connection still.</summary>
    public void BeginBody() => Interlocked.Increment(ref _bodies);

    public void EndBody()
    {
        if (Interlocked.Decrement(ref _bodies) == 0)
        {
            idle();
        }
    }

    /// <summary>Its connections carry what nobody counts here: none is ever taken for unused.</summary>
    public void Share() => _isShared = true;

    /// <summary>Notes where a connection leads: a proxy's, and a tunnel's, carries the calls of other addresses too.</summary>
    public void Leads(DnsEndPoint to, HttpRequestMessage request)
        => _isShared |= request.Method == HttpMethod.Connect || to.Port != request.RequestUri!.Port || !to.Host.Equals(request.RequestUri.IdnHost, StringComparison.OrdinalIgnoreCase);

    /// <summary>Closes the connections where no call and no body is; the runtime looks at each before it is used again.</summary>
    /// <param name="onlyRested">Whether only where there was none for a while.</param>
    /// <returns>How many.</returns>
    public int CloseIdle(bool onlyRested)
    {
        lock (_closing)
        {
            // Told before the look, as a call counts itself before it looks: one of the two sees the other.
            _isClosing = true;
            Interlocked.MemoryBarrier();
            var isIdle = !_isShared && InFlight == 0 && Volatile.Read(ref _bodies) == 0 && !(onlyRested && _isUsed);

            // A dial may be under way even so: the runtime gives it up some seconds after its request was served by another connection.
            var idle = isIdle ? Snapshot().Where(static connection => connection.IsUp).ToArray() : [];
            Array.ForEach(idle, static connection => connection.Close());
            _isClosing = false;
            return idle.Length;
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
