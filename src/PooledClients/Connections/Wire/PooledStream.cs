using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Connections.Wire;

/// <summary>
/// A connection's socket as the handler sees it. It gives the lease back when it is disposed or collected, stamps its traffic for the
/// rule of silence, ends a connect that takes too long, and follows the handshake until the server's first answer. It stays a
/// <see cref="NetworkStream"/>, which keeps the peer's address in the runtime's metrics and traces.
/// </summary>
internal sealed class PooledStream : NetworkStream, IHandshakeStream
{
    private readonly PooledConnection _connection;
    private readonly ConnectionLease _lease;
    private int _closed;

    // Null once the connection is established; its timeout closes the socket under the handshake.
    private IConnectWatch? _attempt;

    // While set, each read is looked at: until the connection is established and, over TLS, the server has answered.
    private volatile bool _isWatched = true;

    public PooledStream(
        Socket socket, ConnectionLease lease, PooledConnection connection, IConnectWatch attempt, HandshakeRecorder? handshake)
        : base(socket, ownsSocket: true)
    {
        _connection = connection;
        _lease = lease;
        _attempt = attempt;
        Handshake = handshake;
    }

    public PooledConnection Connection => _connection;

    public HandshakeRecorder? Handshake { get; }

    /// <summary>Gets the time of the connect; none once the handshake has ended.</summary>
    public IConnectWatch? Connect => Volatile.Read(ref _attempt);

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _connection.ReadArmed();
        return _isWatched ? ReadWatchedAsync(buffer, cancellationToken) : base.ReadAsync(buffer, cancellationToken);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        _connection.Written();
        return base.WriteAsync(buffer, cancellationToken);
    }

    /// <summary>TLS has ended, or there is none: the connection can carry calls.</summary>
    public void Established()
    {
        if (Interlocked.Exchange(ref _attempt, null) is { } attempt)
        {
            attempt.Dispose();
            Handshake?.Completed();
            _isWatched = Handshake is not null;
            _connection.Owner.Established(_connection);
        }
    }

    /// <summary>The connection counts no more towards its address's cap: it only finishes the calls that it has.</summary>
    public void Drain() => _lease.Drain();

    /// <summary>Closes the socket if the connect has not ended.</summary>
    public void AbortConnect()
    {
        if (Volatile.Read(ref _attempt) is not null)
        {
            Abort();
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

        Interlocked.Exchange(ref _attempt, null)?.Dispose();
        Handshake?.Closed();
        _lease.Dispose();
        _connection.Owner.Closed(_connection);
    }

    private async ValueTask<int> ReadWatchedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        int read;
        try
        {
            read = await base.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception) when (_attempt is { HasTimedOut: true } attempt)
        {
            throw attempt.TimedOut("the TLS handshake");
        }
        catch (IOException exception)
        {
            Handshake?.OnEnded();
            ThrowIfRefused(exception);
            throw;
        }

        if (Handshake is not { } handshake)
        {
            return read;
        }

        if (read == 0 && buffer.Length > 0)
        {
            handshake.OnEnded();
            ThrowIfRefused(cause: null);
        }

        // An alert is the end as well, and the handler may not read on to see it.
        handshake.OnReceived(buffer.Span[..read]);
        ThrowIfRefused(cause: null);
        _isWatched = !handshake.IsOver;
        return read;
    }

    private void ThrowIfRefused(IOException? cause)
    {
        if (Handshake?.DescribeRefusal() is { } refusal)
        {
            var exception = new IdentityRefusedException($"The connection to {_connection.Owner.Address} ended right after the handshake: {refusal}.", cause);
            _connection.Owner.Refused(_connection, exception);
            throw exception;
        }
    }
}
