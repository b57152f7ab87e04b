namespace PooledClients.Connections;

/// <summary>
/// One address as one generation sees it: the calls that want it, the connections that carry them and the dials that are held until a
/// call needs one more.
/// </summary>
/// <remarks>
/// Over HTTP/2 a call takes a stream before it is sent: as many as the connections carry whose server has told its limit, and one more
/// while another connection may be made. That one is the scout: it makes the runtime dial, and the rest wait in front until the new
/// connection has said what it carries. Otherwise the runtime sends 100 streams down a connection it knows nothing of.
/// </remarks>
internal sealed class Destination
{
    // What RFC 9113 recommends as the least, and what the runtime assumes until the server has said otherwise.
    private const int AssumedStreamLimit = 100;

    private readonly Lock _lock = new();
    private readonly bool _isMultiplexed;
    private readonly Action _idle;

    // Live connections, those in the handshake included; the dials that have not ended; the calls that wait for a stream, in order.
    // All guarded by _lock.
    private readonly HashSet<PooledConnection> _live = [];
    private readonly List<Dial> _dials = [];
    private readonly LinkedList<CallWaiter> _calls = new();
    private bool _retired;

    // Calls that have a stream or may take one: never more than _capacity over HTTP/2. Changed without the lock.
    private int _inFlight;

    // Connections that are up plus dials that go ahead; those that are up; those whose server has told its limit. Changed under
    // _lock, read anywhere; so are the numbers of dials and calls that wait, and the capacity that follows from them all.
    private volatile int _connections;
    private volatile int _up;
    private volatile int _ready;
    private volatile int _waitingDials;
    private volatile int _waitingCalls;
    private volatile int _capacity;
    private volatile int _streamLimit = AssumedStreamLimit;

    public Destination(string address, bool isMultiplexed, GateAddress gate, Action idle)
    {
        Address = address;
        IsSecure = address.StartsWith("https:", StringComparison.Ordinal);
        Gate = gate;
        _isMultiplexed = isMultiplexed;
        _idle = idle;
        _capacity = ComputeCapacity();
    }

    public string Address { get; }

    public bool IsSecure { get; }

    public GateAddress Gate { get; }

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Calls that wait for a stream.</summary>
    public int WaitingCalls => _waitingCalls;

    /// <summary>Connections that are up or being made.</summary>
    public int Connections => _connections;

    /// <summary>Connections that are up.</summary>
    public int Up => _up;

    /// <summary>How many calls one connection carries at a time, as the server last said.</summary>
    public int StreamLimit => _streamLimit;

    public int Cap => Gate.Cap;

    /// <summary>Takes a stream if one is free and nobody waits for it.</summary>
    public bool TryBeginCall() => _waitingCalls == 0 && TryTakeStream();

    /// <summary>Waits for a stream, behind those who came first.</summary>
    public async Task<CallOutcome> WaitForStreamAsync(CancellationToken cancellationToken)
    {
        var waiter = new CallWaiter();
        lock (_lock)
        {
            if (_retired)
            {
                return CallOutcome.Moved;
            }

            // Announced before the last look: EndCall gives its stream back before it looks for waiters, so one of the two sees the other.
            _calls.AddLast(waiter.Node);
            _waitingCalls = _calls.Count;
            AdmitLocked();
        }

        try
        {
            return await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (!TryRemove(waiter) && await waiter.Task.ConfigureAwait(false) == CallOutcome.Granted)
            {
                EndCall();
            }

            throw;
        }
    }

    /// <summary>Counts a call that takes a connection as it comes, over HTTP/1.1 or a protocol not known yet.</summary>
    public void BeginCall()
    {
        Interlocked.Increment(ref _inFlight);
        ReleaseWaitingDials();
    }

    public void EndCall()
    {
        var left = Interlocked.Decrement(ref _inFlight);
        if (_waitingCalls > 0)
        {
            lock (_lock)
            {
                AdmitLocked();
            }
        }
        else if (left == 0)
        {
            if (_waitingDials > 0)
            {
                AbandonDials();
            }

            _idle();
        }
    }

    /// <summary>The last dial failed and no connection is up: who waits shares the failure.</summary>
    public void FailWaitingCalls()
    {
        lock (_lock)
        {
            if (_up == 0)
            {
                EndWaitLocked(CallOutcome.Failed);
            }
        }
    }

    /// <summary>A newer generation takes the calls from now on, those that wait included.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            _retired = true;
            EndWaitLocked(CallOutcome.Moved);
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
            _waitingDials = _dials.Count;
        }

        // Both after the dial can be seen: a call that begins or ends from now on finds it.
        ReleaseWaitingDials();
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
            _waitingDials = _dials.Count;
            if (dial.GoesAhead && !connected)
            {
                _connections--;
                ChangedLocked();
            }
        }
    }

    /// <summary>Adds the connection that a dial has made.</summary>
    public void Add(PooledConnection connection)
    {
        lock (_lock)
        {
            _live.Add(connection);
        }
    }

    /// <summary>The connection has ended its handshake: it can carry a call.</summary>
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

    /// <summary>The server has told how many calls a connection carries.</summary>
    public void LearnStreamLimit(PooledConnection? connection, int limit)
    {
        lock (_lock)
        {
            // A tunnel through a proxy cannot be told from the others: any connection that is not known yet stands for it.
            connection ??= _live.FirstOrDefault(static live => !live.IsReady);
            _streamLimit = Math.Max(1, limit);
            if (connection is not null && _live.Contains(connection) && !connection.IsReady)
            {
                connection.IsReady = true;
                _ready++;
            }

            ChangedLocked();
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

            _connections--;
            _up -= connection.IsUp ? 1 : 0;
            _ready -= connection.IsReady ? 1 : 0;
            ChangedLocked();
        }
    }

    /// <summary>Whether some connection was written to since <paramref name="since"/> and has received no byte since then.</summary>
    public bool IsSilentSince(long since)
    {
        lock (_lock)
        {
            return _live.Any(connection => connection.IsSilentSince(since));
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
        Retire();
        AbandonDials();
        foreach (var connection in Snapshot())
        {
            connection.Abort();
        }
    }

    private bool TryTakeStream()
    {
        var inFlight = Volatile.Read(ref _inFlight);
        while (inFlight < _capacity)
        {
            var seen = Interlocked.CompareExchange(ref _inFlight, inFlight + 1, inFlight);
            if (seen == inFlight)
            {
                ReleaseWaitingDials();
                return true;
            }

            inFlight = seen;
        }

        return false;
    }

    private void ReleaseWaitingDials()
    {
        if (_waitingDials > 0)
        {
            lock (_lock)
            {
                ReleaseDialsLocked();
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

    private bool TryRemove(CallWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null)
            {
                return false;
            }

            _calls.Remove(waiter.Node);
            _waitingCalls = _calls.Count;
            return true;
        }
    }

    private int ComputeCapacity() => (int)Math.Min(
        ((long)_streamLimit * _ready) + (_ready == 0 || _ready < Gate.Cap ? 1 : 0),
        int.MaxValue);

    private bool MayDial() => _connections == 0
        || (_connections < Gate.Cap && (!_isMultiplexed || InFlight > (long)_streamLimit * _connections));

    private void ChangedLocked()
    {
        _capacity = ComputeCapacity();
        AdmitLocked();
        ReleaseDialsLocked();
    }

    private void AdmitLocked()
    {
        while (_calls.First is { } first && TryTakeStream())
        {
            _calls.RemoveFirst();
            first.Value.End(CallOutcome.Granted);
        }

        _waitingCalls = _calls.Count;
    }

    private void EndWaitLocked(CallOutcome outcome)
    {
        foreach (var call in _calls)
        {
            call.End(outcome);
        }

        _calls.Clear();
        _waitingCalls = 0;
    }

    private void ReleaseDialsLocked()
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
