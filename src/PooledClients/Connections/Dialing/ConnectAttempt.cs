using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Dialing;

/// <summary>The time that one connect may take, from name resolution to the end of TLS. What it waits for within this process is no part of it.</summary>
internal sealed class ConnectAttempt : IConnectWatch
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

    // Moved on by what is waited for within this process.
    private long _startedAt;

    // What is left of the time, and since when it runs. The waits that do not count stop the timer, so one writes at a time.
    private TimeSpan _left;
    private long _since;

    // When the last piece of work was given to the pool, and how long it waited; negative while it waits.
    private long _givenAt;
    private long _waited;

    // A handshake that has taken this much of the connect's time is late.
    private const int LatePart = 5;

    // All are set before the stream is handed to the handler. _lateAt is what is left of the time when the handshake is late.
    private QueuedHandshake? _handshake;
    private AddressTrial? _trial;
    private TimeSpan _lateAt;
    private bool _takesTurns;

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

    public Exception TimedOut(string phase) => new ConnectTimeoutException(_address, _time, phase, _timeProvider.GetElapsedTime(_startedAt) - _time);

    /// <summary>Enters the handshake, which ends with the attempt, and waits until it may begin.</summary>
    /// <param name="handshakes">The queue.</param>
    /// <param name="takesTurns">Whether it is the processor's work alone; one that asks the network for revocation lists is not.</param>
    /// <param name="trial">Told how it goes, where there are other addresses.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task BeginHandshakeAsync(HandshakeQueue handshakes, bool takesTurns, AddressTrial? trial, CancellationToken cancellationToken)
    {
        _takesTurns = takesTurns;
        _lateAt = _left - (_time / LatePart);
        Volatile.Write(ref _trial, trial);
        var handshake = handshakes.Enter(_address);
        _handshake = handshake;
        if (!handshake.Begun.IsCompleted)
        {
            await OutsideTheTimeAsync(handshake.Begun, cancellationToken).ConfigureAwait(false);
        }
    }

    /// <summary>Takes a turn at what has come from the server; the next read or write gives it back.</summary>
    public ValueTask TakeTurnAsync(CancellationToken cancellationToken) =>
        _takesTurns && _handshake!.TakeTurn() is { } turn ? new(OutsideTheTimeAsync(turn, cancellationToken)) : ValueTask.CompletedTask;

    public void EndTurn() => _handshake?.EndTurn();

    public void Succeeded() => _trial?.Succeed();

    public void Abandoned() => _trial?.Abandon();

    public void Dispose()
    {
        _trial?.End();
        _timer.Dispose();
        _timeout.Dispose();
        _handshake?.Dispose();
    }

    private async Task OutsideTheTimeAsync(Task wait, CancellationToken cancellationToken)
    {
        Pause();
        var since = _timeProvider.GetTimestamp();
        await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        _startedAt += _timeProvider.GetTimestamp() - since;
        Run();
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
        if (_left <= _lateAt && Volatile.Read(ref _trial) is { } trial)
        {
            trial.Late();
        }

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
