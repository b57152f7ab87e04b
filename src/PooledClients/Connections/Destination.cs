namespace PooledClients.Connections;

/// <summary>
/// One address as one generation sees it: the calls that want it, the connections that carry them and the dials that are held
/// until a call needs one more.
/// </summary>
internal sealed class Destination(string address, bool isMultiplexed, GateAddress gate, Action idle)
{
    // What RFC 9113 recommends as the least, and what the runtime assumes until the server has said otherwise.
    private const int AssumedStreamLimit = 100;

    private readonly Lock _lock = new();

    // Live connections, TLS or not yet, and the dials that wait for their turn; both guarded by _lock.
    private readonly HashSet<PooledConnection> _live = [];
    private readonly List<Dial> _dials = [];

    // Calls that occupy a stream or wait for one. Changed without the lock; a dial that waits looks again at each change.
    private int _inFlight;

    // Connections that are up plus dials that go ahead; changed under _lock, read anywhere.
    private volatile int _connections;

    private volatile int _up;
    private volatile int _waiting;
    private volatile int _streamLimit = AssumedStreamLimit;

    public string Address { get; } = address;

    public GateAddress Gate { get; } = gate;

    public bool IsSecure { get; } = address.StartsWith("https:", StringComparison.Ordinal);

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Connections that are up or being made.</summary>
    public int Connections => _connections;

    /// <summary>Connections that are up.</summary>
    public int Up => _up;

    /// <summary>How many calls one connection carries at a time, as the server last said.</summary>
    public int StreamLimit => _streamLimit;

    public int Cap => Gate.Cap;

    public void BeginCall()
    {
        Interlocked.Increment(ref _inFlight);
        if (_waiting > 0)
        {
            ReleaseDials();
        }
    }

    public void EndCall()
    {
        if (Interlocked.Decrement(ref _inFlight) == 0)
        {
            if (_waiting > 0)
            {
                AbandonDials();
            }

            idle();
        }
    }

    /// <summary>
    /// Starts a dial: it may go ahead while the calls in flight are more than the connections can carry, and never beyond the cap.
    /// The runtime itself opens one too many in a race, and never stops at a cap over HTTP/2.
    /// </summary>
    public Dial StartDial()
    {
        var dial = new Dial(this);
        lock (_lock)
        {
            _dials.Add(dial);
            _waiting = _dials.Count;
        }

        // Both after the dial can be seen: a call that begins or ends from now on finds it.
        ReleaseDials();
        if (InFlight == 0)
        {
            AbandonDials();
        }

        return dial;
    }

    public void EndDial(Dial dial, bool connected)
    {
        lock (_lock)
        {
            _dials.Remove(dial);
            _waiting = _dials.Count;
            if (dial.GoesAhead && !connected)
            {
                _connections--;
            }
        }

        if (!connected)
        {
            ReleaseDials();
        }
    }

    /// <summary>Adds the connection that a dial has made.</summary>
    public void Add(PooledConnection connection)
    {
        lock (_lock)
        {
            _live.Add(connection);
            _up++;
        }
    }

    public void Remove(PooledConnection connection)
    {
        lock (_lock)
        {
            if (!_live.Remove(connection))
            {
                return;
            }

            _up--;
            _connections--;
        }

        ReleaseDials();
    }

    public void LearnStreamLimit(int limit)
    {
        _streamLimit = Math.Max(1, limit);
        ReleaseDials();
    }

    /// <summary>Whether some connection was written to since <paramref name="since"/> and has received no byte since then.</summary>
    public bool IsSilentSince(long since)
    {
        lock (_lock)
        {
            foreach (var connection in _live)
            {
                if (connection.IsSilentSince(since))
                {
                    return true;
                }
            }
        }

        return false;
    }

    public void CloseAll()
    {
        AbandonDials();
        PooledConnection[] connections;
        lock (_lock)
        {
            connections = [.. _live];
        }

        foreach (var connection in connections)
        {
            connection.Abort();
        }
    }

    private bool MayDial() => _connections == 0
        || (_connections < Gate.Cap && (!isMultiplexed || InFlight > (long)_streamLimit * _connections));

    private void ReleaseDials()
    {
        lock (_lock)
        {
            foreach (var dial in _dials)
            {
                if (!dial.GoesAhead && MayDial())
                {
                    _connections++;
                    dial.GoAhead();
                }
            }
        }
    }

    private void AbandonDials()
    {
        Dial[] dials;
        lock (_lock)
        {
            dials = [.. _dials];
        }

        foreach (var dial in dials)
        {
            dial.Abandon();
        }
    }
}
