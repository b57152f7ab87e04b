using System.Net.Security;
using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Telemetry;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Connections.Wire;

/// <summary>
/// A connection's socket as the handler sees it. It gives the lease back when it is disposed or collected, stamps its traffic for the
/// rule of silence, ends a connect that takes too long, and follows the handshake. It stays a
/// <see cref="NetworkStream"/>, which keeps the peer's address in the runtime's metrics and traces.
/// </summary>
internal sealed class PooledStream : NetworkStream, IHandshakeStream
{
    private readonly PooledConnection _connection;
    private readonly ConnectionLease _lease;
    private int _closed;

    // Null once the connection is established; its timeout closes the socket under the handshake.
    private IConnectWatch? _attempt;

    // While set, each read is looked at: until the connection is established.
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
        if (_isWatched)
        {
            Volatile.Read(ref _attempt)?.EndTurn();
        }

        return base.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        _connection.Written();
        base.Write(buffer);
    }

    /// <summary>TLS has ended, or there is none: the connection can carry calls.</summary>
    /// <param name="plaintext">What the handler reads and writes.</param>
    public void Established(Stream? plaintext)
    {
        if (Interlocked.Exchange(ref _attempt, null) is { } attempt)
        {
            attempt.Succeeded();
            attempt.Dispose();
            Handshake?.Completed(isMutual: plaintext is SslStream { IsMutuallyAuthenticated: true });
            _isWatched = false;
            _connection.Telemetry?.Established(plaintext, _connection.RemoteEndPoint);
            _connection.Owner.Established(_connection);
        }
    }

    /// <summary>What the system tells of the socket.</summary>
    public (TcpInfo? Tcp, int? Unread, bool? IsResumed) Read()
    {
        try
        {
            return (TcpInfo.Of(Socket), Socket.Available, Handshake?.IsResumed);
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
            return default;
        }
    }

    /// <summary>Closes the socket if the connect has not ended.</summary>
    public void AbortConnect()
    {
        if (Volatile.Read(ref _attempt) is not null)
        {
            Abort();
        }
    }

    /// <summary>Closes the socket if the connect has not ended, for nobody wants it any more: that is told as no failure of anybody.</summary>
    public void AbandonConnect()
    {
        if (Volatile.Read(ref _attempt) is { } attempt)
        {
            attempt.Abandoned();
            Handshake?.Abandon();
            _connection.Telemetry?.Abandon();
            Abort();
        }
    }

    public void Abort() => Socket.Dispose();

    protected override void Dispose(bool disposing)
    {
        var isFirst = Interlocked.Exchange(ref _closed, 1) == 0;
        if (isFirst && disposing)
        {
            NoteEnd();
        }

        base.Dispose(disposing);
        if (!isFirst)
        {
            return;
        }

        Interlocked.Exchange(ref _attempt, null)?.Dispose();
        if (Handshake?.Failure is { } failure)
        {
            _connection.Telemetry?.Fails(failure);
        }

        Handshake?.Closed();
        _connection.Telemetry?.Closed();
        _lease.Dispose();
        _connection.Owner.Closed(_connection);
    }

    // Where no read has seen how the connection ended, the state that the other side has left it in tells.
    private void NoteEnd()
    {
        switch (TcpInfo.Of(Socket)?.State)
        {
            case "CLOSE":
                _connection.Telemetry?.Ends("connection reset");
                break;
            case "CLOSE_WAIT":
                _connection.Telemetry?.Ends(DisconnectReason.Unknown);
                break;
            case var _ when _connection.IsPingOverdue:
                _connection.Telemetry?.Ends(DisconnectReason.TimedOut);
                break;
        }
    }

    private async ValueTask<int> ReadWatchedAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        // A handshake that waits for its server leaves the processor to others, and takes its turn again at what comes.
        Volatile.Read(ref _attempt)?.EndTurn();
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
            _connection.Telemetry?.Ends(DisconnectReason.Of(exception));
            OnEnded(exception);
            throw;
        }

        if (Handshake is not { } handshake)
        {
            return read;
        }

        if (read > 0 && Volatile.Read(ref _attempt) is { } turn)
        {
            await turn.TakeTurnAsync(cancellationToken).ConfigureAwait(false);
        }

        if (read == 0 && buffer.Length > 0)
        {
            OnEnded(cause: null);
        }

        handshake.OnReceived(buffer.Span[..read]);
        return read;
    }

    /// <summary>The server has ended the connection before it answered anything.</summary>
    /// <param name="cause">The error that it ended with, if there was one.</param>
    /// <exception cref="IdentityRefusedException">
    /// It may have refused our certificate. Where the handler has the runtime's own pool of connections, the end stays what it is, so that
    /// the runtime does what it always does, and the words are said when it has given up.
    /// </exception>
    public void OnEnded(Exception? cause)
    {
        Handshake?.OnEnded();
        if (_connection.Owner.HearsRefusals && Handshake?.DescribeRefusal() is { } refusal)
        {
            var exception = new IdentityRefusedException($"The connection to {_connection.Owner.Address} ended right after the handshake: {refusal}.", cause);
            _connection.Owner.Refused(_connection, exception);
            throw exception;
        }
    }
}
