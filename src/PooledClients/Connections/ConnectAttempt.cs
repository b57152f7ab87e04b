namespace PooledClients.Connections;

/// <summary>The time that one connect may take, from name resolution to the end of TLS.</summary>
internal sealed class ConnectAttempt(string address, TimeSpan timeout, TimeProvider timeProvider) : IDisposable
{
    private readonly CancellationTokenSource _timeout = new(timeout, timeProvider);

    public CancellationToken Token => _timeout.Token;

    public bool HasTimedOut => _timeout.IsCancellationRequested;

    public ConnectTimeoutException TimedOut(string phase) => new(address, timeout, phase);

    public void Dispose() => _timeout.Dispose();
}
