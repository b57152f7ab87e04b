using System.Net.Sockets;

namespace PooledClients.Connections;

/// <summary>
/// A connection's socket as the handler sees it. It gives the lease back when it is disposed or collected, stamps its traffic for the
/// rule of silence, and ends a connect that takes too long. It stays a <see cref="NetworkStream"/>, which keeps the peer's address in
/// the runtime's metrics and traces.
/// </summary>
internal sealed class PooledStream : NetworkStream
{
    private readonly PooledConnection _connection;
    private readonly ConnectionLease _lease;
    private readonly ConnectBackoff? _backoff;
    private int _closed;

    // Null once the connection is established; its timeout closes the socket under the handshake.
    private ConnectAttempt? _attempt;

    public PooledStream(Socket socket, ConnectionLease lease, PooledConnection connection, ConnectAttempt attempt, ConnectBackoff? backoff)
        : base(socket, ownsSocket: true)
    {
        _connection = connection;
        _lease = lease;
        _attempt = attempt;
        _backoff = backoff;
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _connection.ReadArmed();
        return _attempt is { } attempt ? ReadHandshakeAsync(buffer, attempt, cancellationToken) : base.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _connection.Written();
        return base.WriteAsync(buffer, cancellationToken);
    }

    public void Established()
    {
        if (Interlocked.Exchange(ref _attempt, null) is { } attempt)
        {
            attempt.Dispose();
            _backoff?.Succeed();
        }
    }

    public void Abort() => Socket.Dispose();

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (Interlocked.Exchange(ref _closed, 1) != 0)
        {
            return;
        }

        if (Interlocked.Exchange(ref _attempt, null) is { } attempt)
        {
            attempt.Dispose();
            _backoff?.Fail(new IOException($"The connection to {_connection.Destination.Address} was closed during the handshake."));
        }

        _connection.Destination.Remove(_connection);
        _lease.Dispose();
    }

    private async ValueTask<int> ReadHandshakeAsync(Memory<byte> buffer, ConnectAttempt attempt, CancellationToken cancellationToken)
    {
        try
        {
            return await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (attempt.HasTimedOut)
        {
            throw attempt.TimedOut("the TLS handshake");
        }
    }
}
