namespace PooledClients.Grpc;

/// <summary>
/// The limit on the unary calls in flight to one address. A call over it waits in front of the transport, in order, until its
/// token is cancelled. Entering and leaving below the limit is one interlocked operation each.
/// </summary>
internal sealed class Admission
{
    /// <summary>The streams that a server allows a connection, until it teaches another number (RFC 9113 recommends no less).</summary>
    public const int DefaultStreamLimit = 100;

    private const int MaxFreeWaiters = 1024;

    private readonly Lock _lock = new();
    private readonly AdmissionQueue _queue = new();
    private readonly AdmissionOptions _options;
    private readonly int _maxConnections;
    private AdmissionWaiter? _free;
    private int _freeCount;
    private int _streamLimit;
    private int _limit;
    private int _waiting;

    // Low half: calls in flight. High half: calls admitted so far. Together they tell the completions, for no further operation.
    private long _calls;

    public Admission(AdmissionOptions options, int maxConnections)
    {
        _options = options;
        _maxConnections = maxConnections;
        _limit = ComputeLimit();
    }

    public int Limit => Volatile.Read(ref _limit);

    public int InFlight => (int)Volatile.Read(ref _calls);

    public int Waiting => Volatile.Read(ref _waiting);

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

            waiter = Rent();
            _queue.Append(waiter);
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

    /// <summary>A server refused streams: it allows a connection no more than this.</summary>
    public void LearnStreamLimit(int limit)
    {
        lock (_lock)
        {
            _streamLimit = Math.Max(1, limit);
            Volatile.Write(ref _limit, ComputeLimit());
        }

        Admit();
    }

    public bool TryRemove(AdmissionWaiter waiter)
    {
        lock (_lock)
        {
            if (!_queue.Remove(waiter))
            {
                return false;
            }

            Interlocked.Decrement(ref _waiting);
            return true;
        }
    }

    public void Return(AdmissionWaiter waiter)
    {
        lock (_lock)
        {
            if (_freeCount < MaxFreeWaiters)
            {
                waiter.Next = _free;
                _free = waiter;
                _freeCount++;
            }
        }
    }

    private AdmissionWaiter Rent()
    {
        if (_free is not { } waiter)
        {
            return new AdmissionWaiter(this);
        }

        _free = waiter.Next;
        _freeCount--;
        waiter.Next = null;
        return waiter;
    }

    private int ComputeLimit()
    {
        var streams = _streamLimit == 0 ? int.MaxValue : (int)Math.Min((long)_streamLimit * _maxConnections, int.MaxValue);
        return _options.Mode == AdmissionMode.Fixed ? Math.Min(_options.MaxCallsInFlight, streams) : streams;
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
            while (_queue.First is { } waiter && TryTake())
            {
                _queue.Remove(waiter);
                Interlocked.Decrement(ref _waiting);
                waiter.Grant();
            }
        }
    }
}
