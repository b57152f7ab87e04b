using PooledClients.Connections.Wire;

namespace PooledClients.Connections.Dialing;

/// <summary>The time that one connect may take, from name resolution to the end of TLS.</summary>
internal sealed class ConnectAttempt(string address, TimeSpan timeout, TimeProvider timeProvider) : IConnectWatch
{
    private readonly CancellationTokenSource _timeout = new(timeout, timeProvider);
    private readonly long _startedAt = timeProvider.GetTimestamp();
    private HandshakeQueue? _handshakes;

    public CancellationToken Token => _timeout.Token;

    public bool HasTimedOut => _timeout.IsCancellationRequested;

    public Exception TimedOut(string phase) => new ConnectTimeoutException(address, timeout, phase);

    /// <summary>Takes a place among the handshakes, which ends with the attempt. The wait for it is no part of the attempt's time.</summary>
    public async Task BeginHandshakeAsync(HandshakeQueue handshakes, CancellationToken cancellationToken)
    {
        if (!handshakes.TryEnter())
        {
            var left = timeout - timeProvider.GetElapsedTime(_startedAt);
            _timeout.CancelAfter(Timeout.InfiniteTimeSpan);
            await handshakes.EnterAsync(cancellationToken).ConfigureAwait(false);
            if (timeout != Timeout.InfiniteTimeSpan)
            {
                _timeout.CancelAfter(left > TimeSpan.Zero ? left : TimeSpan.Zero);
            }
        }

        _handshakes = handshakes;
    }

    public void Dispose()
    {
        _timeout.Dispose();
        Interlocked.Exchange(ref _handshakes, null)?.Exit();
    }
}
