using PooledClients.Connections.Budget;
using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Endpoints;

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
    /// <summary>What RFC 9113 recommends as the least, and what the runtime assumes until the server has said otherwise.</summary>
    public const int AssumedStreamLimit = 100;

    // A call that no connection has taken for so long, while some could by their limits, shows that these take no new calls.
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(50);

    private readonly Lock _lock = new();
    private readonly bool _isMultiplexed;
    private readonly TimeProvider _timeProvider;
    private readonly Action _idle;

    // Live connections, those in the handshake included; the dials that have not ended; the calls that wait for a stream. All
    // guarded by _lock.
    private readonly HashSet<PooledConnection> _live = [];
    private readonly List<Dial> _dials = [];
    private readonly CallQueue _calls = new();

    // The calls that were let through while a dial was held, and those of them that a connection has taken or that have ended: only
    // growing, without the lock. What the last looks saw of them is guarded by it.
    private int _followed;
    private int _taken;
    private int _takenAtLastLook;
    private int _looksWithoutOne;
    private long _lookedAt;
    private bool _retired;
    private volatile bool _isUsed = true;
    private volatile bool _isForgotten;

    // Calls that have a stream or may take one: never more than _capacity over HTTP/2. Changed without the lock.
    private int _inFlight;

    // Connections that are up plus dials that go ahead; those that are up; those whose server has told its limit, and those that are
    // up without. One that drains counts as up alone. Changed under _lock, read anywhere; so are the number of dials that wait, and the
    // capacity that follows from them all.
    private volatile int _connections;
    private volatile int _up;
    private volatile int _ready;
    private volatile int _unheard;
    private volatile int _waitingDials;
    private volatile int _capacity;
    private volatile int _drainingCalls;
    private volatile int _streamLimit = AssumedStreamLimit;

    public Destination(string address, bool isMultiplexed, GateAddress gate, TimeProvider timeProvider, Action idle)
    {
        Address = address;
        IsSecure = address.StartsWith("https:", StringComparison.Ordinal);
        Gate = gate;
        _isMultiplexed = isMultiplexed;
        _timeProvider = timeProvider;
        _idle = idle;
        _capacity = ComputeCapacity();
    }

    public string Address { get; }

    public bool IsSecure { get; }

    public GateAddress Gate { get; }

    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Calls that wait for a stream.</summary>
    public int WaitingCalls => _calls.Count;

    /// <summary>How long a connection takes new calls.</summary>
    public TimeSpan Lifetime { get; set; } = Timeout.InfiniteTimeSpan;

    /// <summary>Connections that are up or being made, but for those that only finish the calls they have.</summary>
    public int Connections => _connections;

    /// <summary>Connections that are up.</summary>
    public int Up => _up;

    /// <summary>How many calls one connection carries at a time, as the server last said.</summary>
    public int StreamLimit => _streamLimit;

    public int Cap => Gate.Cap;

    /// <summary>Whether a connection is up whose server has been heard of.</summary>
    public bool IsReady => _ready > 0;

    /// <summary>Whether no connection is left, not even one that only finishes the calls it has.</summary>
    public bool IsEmpty
    {
        get
        {
            lock (_lock)
            {
                return _live.Count == 0;
            }
        }
    }

    /// <summary>A call that was followed has been taken by a connection, or has ended.</summary>
    public void CallTaken() => Interlocked.Increment(ref _taken);

    /// <summary>Takes a stream if one is free and nobody waits for it.</summary>
    public bool TryBeginCall(IPendingCall call)
    {
        if (_calls.Count > 0 || !TryTakeStream())
        {
            return false;
        }

        if (_waitingDials > 0)
        {
            Follow(call);
            if (MayDial())
            {
                ReleaseWaitingDials();
            }
        }

        return true;
    }

    /// <summary>Waits for a stream, behind those who came first.</summary>
    public async Task<CallOutcome> WaitForStreamAsync(IPendingCall call, CancellationToken cancellationToken)
    {
        var waiter = new CallWaiter(call);
        lock (_lock)
        {
            if (_retired)
            {
                return CallOutcome.Moved;
            }

            // Announced before the last look: EndCall gives its stream back before it looks for waiters, so one of the two sees the other.
            _calls.Append(waiter);
            Interlocked.MemoryBarrier();
            AdmitLocked();
        }

        try
        {
            return await waiter.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            if (!Remove(waiter) && await waiter.Task.ConfigureAwait(false) == CallOutcome.Granted)
            {
                EndCall();
            }

            throw;
        }
    }

    /// <summary>Counts a call that takes a connection as it comes, over HTTP/1.1 or a protocol not known yet.</summary>
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

        if (_waitingDials > 0 && MayDial())
        {
            ReleaseWaitingDials();
        }

        return true;
    }

    /// <summary>Gives it up where it has no connection, no call and no dial, and nobody has used it since the last look.</summary>
    public bool TryForget()
    {
        var wasUsed = _isUsed;
        _isUsed = false;
        lock (_lock)
        {
            if (wasUsed || _live.Count > 0 || _dials.Count > 0 || InFlight > 0)
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

    public void EndCall()
    {
        var left = Interlocked.Decrement(ref _inFlight);
        if (_calls.Count > 0)
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
                _calls.EndAll(CallOutcome.Failed);
            }
        }
    }

    /// <summary>A newer generation takes the calls from now on, those that wait included.</summary>
    public void Retire()
    {
        lock (_lock)
        {
            _retired = true;
            _calls.EndAll(CallOutcome.Moved);
        }
    }

    /// <summary>
    /// Starts a dial: it may go ahead while the calls in flight are more than the connections can carry, and never beyond the cap.
    /// The runtime itself opens one too many in a race, and never stops at a cap over HTTP/2.
    /// </summary>
    /// <param name="call">The call for which the runtime wants the connection, as far as it is known.</param>
    public Dial StartDial(IPendingCall? call)
    {
        var dial = new Dial(this);
        lock (_lock)
        {
            _dials.Add(dial);
            _waitingDials = _dials.Count;
            if (call is not null)
            {
                Follow(call);
            }
        }

        // Both after the dial can be seen: a call that begins or ends from now on finds it.
        ReleaseWaitingDials();
        if (InFlight == 0)
        {
            AbandonDials();
        }

        return dial;
    }

    /// <summary>
    /// Waits until a call needs the dial. A call that stays behind although connections could carry it shows that one of them takes no
    /// new calls, for its lifetime is over or its server has said goodbye while a stream keeps it open: such a one counts no more.
    /// </summary>
    public async Task WaitForNeedAsync(Dial dial, CancellationToken cancellationToken)
    {
        while (!dial.Need.IsCompleted)
        {
            using var look = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            await Task.WhenAny(dial.Need, Task.Delay(Grace, _timeProvider, look.Token)).ConfigureAwait(false);
            await look.CancelAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            lock (_lock)
            {
                LookForDrainingLocked();
                ReleaseDialsLocked();
            }
        }
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
                _unheard += connection.IsReady ? 0 : 1;
                _capacity = ComputeCapacity();
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
                _unheard -= connection.IsUp ? 1 : 0;
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

            _up -= connection.IsUp ? 1 : 0;
            _unheard -= connection is { IsUp: true, IsReady: false } ? 1 : 0;
            if (connection.DrainingCalls is { } draining)
            {
                _drainingCalls -= draining;
            }
            else
            {
                _connections--;
                _ready -= connection.IsReady ? 1 : 0;
            }

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
                return true;
            }

            inFlight = seen;
        }

        return false;
    }

    private void Follow(IPendingCall call)
    {
        Interlocked.Increment(ref _followed);
        call.ReportTo(this);
    }

    private void ReleaseWaitingDials()
    {
        lock (_lock)
        {
            ReleaseDialsLocked();
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

    private bool Remove(CallWaiter waiter)
    {
        lock (_lock)
        {
            return _calls.Remove(waiter);
        }
    }

    private int ComputeCapacity()
    {
        var capacity = ((long)_streamLimit * _ready) + _drainingCalls + (_ready == 0 || _ready < Gate.Cap ? 1 : 0);

        // The runtime sends all that begin now down a connection that has just come up, and takes it to carry more than its server's
        // others did: until it is heard of, no more calls than one carries.
        return (int)Math.Min(capacity, _ready > 0 && _unheard > 0 && _streamLimit < AssumedStreamLimit ? _streamLimit : int.MaxValue);
    }

    private bool MayDial() => _connections == 0
        || (_connections < Gate.Cap && (!_isMultiplexed || InFlight - _drainingCalls > (long)_streamLimit * _connections));

    private void LookForDrainingLocked()
    {
        var taken = Volatile.Read(ref _taken);
        if (Volatile.Read(ref _followed) == taken || taken != _takenAtLastLook)
        {
            _takenAtLastLook = taken;
            _looksWithoutOne = 0;
            _lookedAt = _timeProvider.GetTimestamp();
            return;
        }

        // Two looks, for a process that stood still for a while has kept its calls waiting itself.
        if (++_looksWithoutOne >= 2 && _timeProvider.GetElapsedTime(_lookedAt) >= Grace)
        {
            _looksWithoutOne = 0;
            _lookedAt = _timeProvider.GetTimestamp();
            DrainLocked(_live.Where(static connection => connection is { IsReady: true, DrainingCalls: null }).MaxBy(static connection => connection.Age));
            ChangedLocked();
        }
    }

    private void DrainExpiredLocked()
    {
        if (Lifetime != Timeout.InfiniteTimeSpan)
        {
            foreach (var connection in _live)
            {
                if (connection is { IsReady: true, DrainingCalls: null } && connection.Age >= Lifetime)
                {
                    DrainLocked(connection);
                }
            }
        }
    }

    // Which calls are on which connection only the runtime knows: an equal share is taken to be on this one until it closes.
    private void DrainLocked(PooledConnection? connection)
    {
        if (connection is not null)
        {
            connection.DrainingCalls = Math.Min(_streamLimit, Math.Max(0, InFlight - _drainingCalls) / Math.Max(1, _ready));
            _drainingCalls += connection.DrainingCalls.Value;
            _connections--;
            _ready--;
        }
    }

    private void ChangedLocked()
    {
        _capacity = ComputeCapacity();
        AdmitLocked();
        ReleaseDialsLocked();
    }

    private void AdmitLocked()
    {
        while (_calls.Count > 0 && TryTakeStream())
        {
            var call = _calls.GrantFirst();
            if (_dials.Count > 0)
            {
                Follow(call);
            }
        }
    }

    private void ReleaseDialsLocked()
    {
        if (_dials.Exists(static dial => !dial.GoesAhead))
        {
            DrainExpiredLocked();
            _capacity = ComputeCapacity();
        }

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
