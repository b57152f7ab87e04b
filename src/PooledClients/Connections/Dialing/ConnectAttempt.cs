using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Dialing;

/// <summary>The time that one connect may take, from name resolution to the end of TLS. What it waits for within this process is no part of it.</summary>
internal sealed class ConnectAttempt(string address, TimeSpan timeout, TimeProvider timeProvider) : IConnectWatch
{
    private readonly CancellationTokenSource _timeout = new(timeout, timeProvider);
    private long _startedAt = timeProvider.GetTimestamp();

    // Both are set before the stream is handed to the handler.
    private QueuedHandshake? _handshake;
    private bool _takesTurns;

    public CancellationToken Token => _timeout.Token;

    public bool HasTimedOut => _timeout.IsCancellationRequested;

    public Exception TimedOut(string phase) => new ConnectTimeoutException(address, timeout, phase, timeProvider.GetElapsedTime(_startedAt) - timeout);

    /// <summary>Enters the handshake, which ends with the attempt, and waits until it may begin.</summary>
    /// <param name="handshakes">The queue.</param>
    /// <param name="takesTurns">Whether it is the processor's work alone; one that asks the network for revocation lists is not.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task BeginHandshakeAsync(HandshakeQueue handshakes, bool takesTurns, CancellationToken cancellationToken)
    {
        _takesTurns = takesTurns;
        var handshake = handshakes.Enter(address);
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

    public void Dispose()
    {
        _timeout.Dispose();
        _handshake?.Dispose();
    }

    private async Task OutsideTheTimeAsync(Task wait, CancellationToken cancellationToken)
    {
        var left = timeout - timeProvider.GetElapsedTime(_startedAt);
        SetTimeout(Timeout.InfiniteTimeSpan);
        var since = timeProvider.GetTimestamp();
        await wait.WaitAsync(cancellationToken).ConfigureAwait(false);
        _startedAt += timeProvider.GetTimestamp() - since;
        if (timeout != Timeout.InfiniteTimeSpan)
        {
            SetTimeout(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private void SetTimeout(TimeSpan time)
    {
        try
        {
            _timeout.CancelAfter(time);
        }
        catch (ObjectDisposedException)
        {
            // The attempt ended meanwhile.
        }
    }
}
