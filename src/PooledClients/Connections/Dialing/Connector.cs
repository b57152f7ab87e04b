using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Wire;
using PooledClients.Tls;

namespace PooledClients.Connections.Dialing;

/// <summary>Opens the sockets of one transport, for who has the lease of one.</summary>
internal sealed class Connector(
    TlsContext? tls, ConnectionSettings settings, HandshakeQueue handshakes, LocalFaultRetry localFaults, TimeProvider timeProvider)
{
    /// <summary>
    /// Opens a connection up to its TLS handshake, which belongs to the connect's time too: when that is over the socket is closed under
    /// it. Out of descriptors is nothing that the server could help: it is tried again for as long as the connection is wanted.
    /// </summary>
    /// <param name="target">Where to; a name is looked up.</param>
    /// <param name="isSecure">Whether a handshake follows.</param>
    /// <param name="owner">Who counts the connection.</param>
    /// <param name="lease">The stream gives it back; the caller, when this fails.</param>
    /// <param name="wanted">Cancelled when nobody waits for it any more. A connect that is under way goes on even so.</param>
    public async Task<PooledStream> OpenAsync(EndPoint target, bool isSecure, IConnectionOwner owner, ConnectionLease lease, CancellationToken wanted)
        => await localFaults.RunAsync(owner.Address, token => OpenOnceAsync(target, isSecure, owner, lease, token), wanted).ConfigureAwait(false);

    private async ValueTask<PooledStream> OpenOnceAsync(
        EndPoint target, bool isSecure, IConnectionOwner owner, ConnectionLease lease, CancellationToken wanted)
    {
        var attempt = new ConnectAttempt(owner.Address, settings.ConnectTimeout, timeProvider);
        Socket? socket = null;
        try
        {
            socket = await OpenSocketAsync(target, attempt).ConfigureAwait(false);
            lease.MarkOpened();
            if (isSecure)
            {
                await attempt.BeginHandshakeAsync(handshakes, takesTurns: tls is not { AsksForRevocation: true }, wanted).ConfigureAwait(false);
            }

            var connection = new PooledConnection(owner, timeProvider);
            var stream = new PooledStream(socket, lease, connection, attempt, isSecure ? tls?.BeginHandshake(owner.Address) : null);
            connection.Attach(stream, socket.RemoteEndPoint, socket.LocalEndPoint);
            attempt.Token.UnsafeRegister(static state => ((PooledStream)state!).AbortConnect(), stream);
            return stream;
        }
        catch
        {
            socket?.Dispose();
            attempt.Dispose();
            throw;
        }
    }

    private async Task<Socket> OpenSocketAsync(EndPoint target, ConnectAttempt attempt)
    {
        var phase = "name resolution";
        try
        {
            if (target is UnixDomainSocketEndPoint)
            {
                phase = "the connect to the socket";
                return await SocketConnector.ConnectOneAsync(target, attempt.Token).ConfigureAwait(false);
            }

            var (addresses, port) = target is DnsEndPoint name
                ? (await SocketConnector.ResolveAsync(name.Host, attempt.Token).ConfigureAwait(false), name.Port)
                : ([((IPEndPoint)target).Address], ((IPEndPoint)target).Port);
            phase = "the TCP connect";
            var socket = await SocketConnector.ConnectAsync(addresses, port, timeProvider, attempt.Token).ConfigureAwait(false);
            DeadPeerDetection.Apply(socket, settings.DeadPeerTimeout);
            return socket;
        }
        catch (OperationCanceledException) when (attempt.HasTimedOut)
        {
            throw attempt.TimedOut(phase);
        }
    }
}
