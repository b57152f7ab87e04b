using PooledClients.Connections;
using PooledClients.Connections.Endpoints.Http2;

namespace PooledClients.Grpc.Admission;

/// <summary>
/// The limit on the unary calls in flight to one address. A call over it waits in front of the transport, in order, until its
/// token is cancelled. Entering and leaving below the limit is one interlocked operation each.
/// </summary>
internal sealed class CallAdmission : IDisposable
{
    /// <summary>The least that the adaptive limit is, until a server allows fewer streams: what one connection carries.</summary>
    public const int DefaultStart = ConnectionQueue.AssumedStreamLimit;

    private const int MaxFreeWaiters = 1024;

    private readonly Lock _lock = new();

    // Both are guarded by _lock: who waits, first come, first served, and what is left of waits that are over.
    private readonly LinkedList<AdmissionWaiter> _queue = new();
    private readonly Stack<AdmissionWaiter> _free = new();
    private readonly AdmissionOptions _options;
    private readonly AdmissionSearch? _search;
    private readonly AdmissionWatch? _watch;
    private readonly int _maxConnections;
    private readonly TimeProvider _time;
    private readonly Func<int>? _callsAtHand;
    private int? _streamLimit;
    private int _limit;
    private volatile bool _isBoundByStreams;
    private int _waiting;

    // Low half: calls in flight. High half: calls admitted so far. Together they tell the completions, for no further operation.
    private long _calls;
    private long _callsAtLastLook;

    /// <param name="options">How the limit is found.</param>
    /// <param name="maxConnections">The most connections that the address may have; more calls than they carry are never in flight.</param>
    /// <param name="time">What the adaptive limit measures by.</param>
    /// <param name="callsAtHand">Tells how many of the calls in flight wait for this process; where that is not known, none is taken to.</param>
    public CallAdmission(AdmissionOptions options, int maxConnections, TimeProvider time, Func<int>? callsAtHand = null)
    {
        _options = options;
        _maxConnections = maxConnections;
        _time = time;
        _callsAtHand = callsAtHand;
        if (options.Mode == AdmissionMode.Adaptive)
        {
            _search = new AdmissionSearch(Start, Ceiling);
            _watch = new AdmissionWatch(time, Look);
        }

        _limit = ComputeLimit();
    }

    /// <summary>Limits the calls to the address of a transport.</summary>
    public CallAdmission(AdmissionOptions options, Transport transport, TimeProvider time)
        : this(
            options,
            transport.Key.Connection.ConnectionCap(isMultiplexed: true) * (transport.Key.Endpoints?.MaxEndpoints ?? 1),
            time,
            () => transport.Endpoints.Sum(static pool => pool.Connections.AtHand))
    {
    }

    public int Limit => Volatile.Read(ref _limit);

    /// <summary>Gets whether the limit is what the connections carry at most, so that who waits for a place waits for a stream.</summary>
    public bool IsBoundByStreams => _isBoundByStreams;

    public int InFlight => (int)Volatile.Read(ref _calls);

    public int Waiting => Volatile.Read(ref _waiting);

    /// <summary>How long the call has waited that is next; <see langword="null"/> while none waits.</summary>
    public TimeSpan? OldestWait
    {
        get
        {
            lock (_lock)
            {
                return _queue.First is { } first ? _time.GetElapsedTime(first.Value.Since) : null;
            }
        }
    }

    public bool TryEnter() => Volatile.Read(ref _waiting) == 0 && TryTake();

    /// <summary>Waits for a place. It is cancelled by the token alone, and then nothing of it is left behind.</summary>
    public ValueTask EnterAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
        {
            return ValueTask.FromCanceled(cancellationToken);
        }

        AdmissionWaiter waiter;
        lock (_lock)
        {
            // Announced before the last look: Exit gives its place back before it looks for waiters, so one of the two sees the other.
            Interlocked.Increment(ref _waiting);
            if (_queue.First is null && TryTake())
            {
                Interlocked.Decrement(ref _waiting);
                return ValueTask.CompletedTask;
            }

            if (!_free.TryPop(out waiter!))
            {
                waiter = new AdmissionWaiter(this);
            }

            waiter.Since = _time.GetTimestamp();
            _queue.AddLast(waiter.Node);
            if (_watch?.Start() == true)
            {
                _callsAtLastLook = Volatile.Read(ref _calls);
            }
        }

        return waiter.WaitAsync(cancellationToken);
    }

    public void Exit()
    {
        Interlocked.Decrement(ref _calls);
        if (Volatile.Read(ref _waiting) != 0)
        {
            Admit();
        }
    }

    /// <summary>
    /// A server has told how many streams it allows a connection. The most that any has told counts: what one connection carries less than
    /// that is the pool's to keep, in whose queue calls wait then.
    /// </summary>
    public void LearnStreamLimit(int limit)
    {
        lock (_lock)
        {
            if (_streamLimit >= limit)
            {
                return;
            }

            _streamLimit = Math.Max(1, limit);
            _search?.Resize(Start, Ceiling);
            Volatile.Write(ref _limit, ComputeLimit());
        }

        Admit();
    }

    public bool TryRemove(AdmissionWaiter waiter)
    {
        lock (_lock)
        {
            if (waiter.Node.List is null)
            {
                return false;
            }

            _queue.Remove(waiter.Node);
            Interlocked.Decrement(ref _waiting);
            return true;
        }
    }

    public void Return(AdmissionWaiter waiter)
    {
        lock (_lock)
        {
            if (_free.Count < MaxFreeWaiters)
            {
                _free.Push(waiter);
            }
        }
    }

    /// <summary>Ends the search for a better limit; calls that wait are ended by their own tokens.</summary>
    public void Dispose() => _watch?.Dispose();

    private int Start => Math.Min(DefaultStart, Ceiling);

    private int Ceiling => Multiply(_maxConnections, _streamLimit ?? ConnectionQueue.AssumedStreamLimit);

    private int ComputeLimit()
    {
        var wanted = _options.Mode switch
        {
            AdmissionMode.Adaptive => _search!.Limit,
            AdmissionMode.Fixed => _options.MaxCallsInFlight,
            _ => int.MaxValue,
        };
        var carried = _streamLimit is { } streams ? Multiply(_maxConnections, streams) : int.MaxValue;
        _isBoundByStreams = carried <= wanted && carried != int.MaxValue;
        return Math.Min(wanted, carried);
    }

    private void Look(TimeSpan elapsed)
    {
        lock (_lock)
        {
            var calls = Volatile.Read(ref _calls);
            var admitted = (uint)(calls >>> 32) - (uint)(_callsAtLastLook >>> 32);
            var completions = (int)_callsAtLastLook + (long)admitted - (int)calls;
            _callsAtLastLook = calls;
            _search!.Observe(new AdmissionSample(elapsed, completions, (int)calls, _waiting, _callsAtHand?.Invoke() ?? 0));
            Volatile.Write(ref _limit, ComputeLimit());
            _watch!.Continue(again: !_search.IsSettled);
        }

        Admit();
    }

    private bool TryTake()
    {
        const long OneCall = (1L << 32) + 1;
        var calls = Volatile.Read(ref _calls);
        while ((int)calls < Volatile.Read(ref _limit))
        {
            var seen = Interlocked.CompareExchange(ref _calls, calls + OneCall, calls);
            if (seen == calls)
            {
                return true;
            }

            calls = seen;
        }

        return false;
    }

    private void Admit()
    {
        lock (_lock)
        {
            while (_queue.First is { } first && TryTake())
            {
                _queue.Remove(first);
                Interlocked.Decrement(ref _waiting);
                first.Value.Grant();
            }
        }
    }

    private static int Multiply(int connections, int streams) => (int)Math.Min((long)connections * streams, int.MaxValue);
}
