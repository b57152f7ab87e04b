namespace PooledClients.Connections.Dialing;

/// <summary>The time that one connect may take, from name resolution to the end of TLS.</summary>
internal sealed class ConnectAttempt : IDisposable
{
    // Work that waits so long for a thread of the pool tells that the connect does too: such a tick does not count. The timer itself tells
    // nothing of it, for the pool runs timers first.
    private static readonly TimeSpan Starvation = TimeSpan.FromMilliseconds(50);

    private const int Ticks = 10;

    private readonly CancellationTokenSource _timeout = new();
    private readonly string _address;
    private readonly TimeSpan _time;
    private readonly TimeProvider _timeProvider;
    private readonly ITimer _timer;
    private readonly long _startedAt;

    // What is left of the time, and since when it runs. The waits that do not count stop the timer, so one writes at a time.
    private TimeSpan _left;
    private long _since;

    // When the last piece of work was given to the pool, and how long it waited; negative while it waits.
    private long _givenAt;
    private long _waited;
    private HandshakeQueue? _handshakes;

    // For a place among the handshakes; written before the handshake begins.
    private TimeSpan _queued;

    public ConnectAttempt(string address, TimeSpan timeout, TimeProvider timeProvider)
    {
        _address = address;
        _time = timeout;
        _timeProvider = timeProvider;
        _left = timeout;
        _startedAt = timeProvider.GetTimestamp();
        _timer = timeProvider.CreateUncapturedTimer(static attempt => ((ConnectAttempt)attempt!).OnTick(), this, Timeout.InfiniteTimeSpan);
        Run();
    }

    public CancellationToken Token => _timeout.Token;

    public bool HasTimedOut => _timeout.IsCancellationRequested;

    public ConnectTimeoutException TimedOut(string phase) => new(_address, _time, phase, _timeProvider.GetElapsedTime(_startedAt) - _queued - _time);

    /// <summary>Takes a place among the handshakes, which ends with the attempt. The wait for it is no part of the attempt's time.</summary>
    public async Task BeginHandshakeAsync(HandshakeQueue handshakes, CancellationToken cancellationToken)
    {
        if (!handshakes.TryEnter())
        {
            Pause();
            var since = _timeProvider.GetTimestamp();
            await handshakes.EnterAsync(cancellationToken).ConfigureAwait(false);
            _queued = _timeProvider.GetElapsedTime(since);
            Run();
        }

        _handshakes = handshakes;
    }

    public void Dispose()
    {
        _timer.Dispose();
        _timeout.Dispose();
        Interlocked.Exchange(ref _handshakes, null)?.Exit();
    }

    private void Run()
    {
        if (_time != Timeout.InfiniteTimeSpan)
        {
            _since = _timeProvider.GetTimestamp();
            if (Volatile.Read(ref _waited) >= 0)
            {
                Volatile.Write(ref _waited, -1);
                Volatile.Write(ref _givenAt, _timeProvider.GetTimestamp());
                ThreadPool.UnsafeQueueUserWorkItem(static attempt => attempt.OnThread(), this, preferLocal: false);
            }

            _timer.Change(Tick, Timeout.InfiniteTimeSpan);
        }
    }

    private void Pause()
    {
        _timer.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        _left -= _timeProvider.GetElapsedTime(_since);
    }

    private TimeSpan Tick
    {
        get
        {
            var tick = _time / Ticks;
            return _left <= TimeSpan.Zero ? TimeSpan.Zero : _left < tick ? _left : tick;
        }
    }

    // A clock of its own tells nothing of the machine's threads.
    private bool IsStarved => _timeProvider == TimeProvider.System && Volatile.Read(ref _waited) is var waited
        && (waited < 0 || TimeSpan.FromTicks(waited) >= Starvation);

    private void OnThread() => Volatile.Write(ref _waited, _timeProvider.GetElapsedTime(Volatile.Read(ref _givenAt)).Ticks);

    private void OnTick()
    {
        _left -= IsStarved ? TimeSpan.Zero : _timeProvider.GetElapsedTime(_since);
        try
        {
            if (_left <= TimeSpan.Zero)
            {
                _timeout.Cancel();
            }
            else
            {
                Run();
            }
        }
        catch (ObjectDisposedException)
        {
            // The attempt has ended meanwhile.
        }
    }
}
