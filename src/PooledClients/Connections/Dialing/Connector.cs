using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Telemetry;
using PooledClients.Connections.Wire;
using PooledClients.Diagnostics;
using PooledClients.Tls;

namespace PooledClients.Connections.Dialing;

/// <summary>Opens the sockets of one transport, for who has the lease of one.</summary>
internal sealed class Connector(TlsContext? tls, ConnectionSettings settings, DialServices services, ConnectionTeller? teller = null)
{
    private readonly AddressMemory _memory = new(services.TimeProvider);

    private const int MostNames = 1000;

    // The names that were told of, once each; written by whoever adds one first. A crawler's must not add up for ever.
    private readonly ConcurrentDictionary<string, bool> _several = new(StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// Opens a connection up to its TLS handshake, which belongs to the connect's time too: when that is over the socket is closed under
    /// it. Out of descriptors is nothing that the server could help: it is tried again for as long as the connection is wanted.
    /// </summary>
    /// <param name="target">Where to; a name is looked up.</param>
    /// <param name="isSecure">Whether a handshake follows.</param>
    /// <param name="owner">Who counts the connection.</param>
    /// <param name="lease">The stream gives it back; the caller, when this fails.</param>
    /// <param name="isTunnel">Whether what it carries has TLS of its own, which is not seen here.</param>
    /// <param name="wanted">Cancelled when nobody waits for it any more. A connect that is under way goes on even so.</param>
    /// <param name="discarded">Cancelled when it would not be used: ends a connect that is under way too.</param>
    public async Task<PooledStream> OpenAsync(
        EndPoint target, bool isSecure, IConnectionOwner owner, ConnectionLease lease, bool isTunnel, CancellationToken wanted, CancellationToken discarded = default)
    {
        try
        {
            return await services.LocalFaults.RunAsync(owner.Address, token => OpenOnceAsync(target, isSecure, owner, lease, isTunnel, token, discarded), wanted).ConfigureAwait(false);
        }
        catch (Exception exception) when (teller is not null && !discarded.IsCancellationRequested && (exception is not OperationCanceledException || !wanted.IsCancellationRequested))
        {
            teller.ConnectFailed(owner.Address, LocalFault.IsOutOfDescriptors(exception) ? null : exception);
            throw;
        }
    }

    private async ValueTask<PooledStream> OpenOnceAsync(
        EndPoint target, bool isSecure, IConnectionOwner owner, ConnectionLease lease, bool isTunnel, CancellationToken wanted, CancellationToken discarded)
    {
        var attempt = new ConnectAttempt(owner.Address, settings.ConnectTimeout, services.TimeProvider);
        Socket? socket = null;
        try
        {
            (socket, var addresses) = await OpenSocketAsync(target, owner.Address, attempt, discarded).ConfigureAwait(false);
            lease.MarkOpened();
            if (isSecure)
            {
                var trial = addresses.Count > 1 ? _memory.Try((IPEndPoint)socket.RemoteEndPoint!, addresses, owner.HandshakeLate) : null;
                await attempt.BeginHandshakeAsync(services.Handshakes, takesTurns: tls is not { AsksForRevocation: true }, trial, wanted).ConfigureAwait(false);
            }

            var connection = new PooledConnection(owner, services.TimeProvider) { Telemetry = teller?.Begin(owner.Address, isSecure, isTunnel) };
            var stream = new PooledStream(socket, lease, connection, attempt, isSecure ? tls?.BeginHandshake(owner.Address, teller is { IsGrpc: true } ? teller.Target : null) : null);
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

    private async Task<(Socket Socket, IReadOnlyList<IPAddress> Addresses)> OpenSocketAsync(
        EndPoint target, string address, ConnectAttempt attempt, CancellationToken discarded)
    {
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, discarded);
        var phase = "name resolution";
        var began = services.TimeProvider.GetTimestamp();
        Exception? failure = null;
        try
        {
            if (target is UnixDomainSocketEndPoint)
            {
                phase = "the connect to the socket";
                return (await SocketConnector.ConnectOneAsync(target, ended.Token).ConfigureAwait(false), []);
            }

            var (addresses, port) = target is DnsEndPoint name
                ? (_memory.Order(await LookUpAsync(name.Host, ended.Token).ConfigureAwait(false), name.Port), name.Port)
                : ([((IPEndPoint)target).Address], ((IPEndPoint)target).Port);
            teller?.ConnectPhase(address, "dns", began, failure: null);
            began = services.TimeProvider.GetTimestamp();
            phase = "the TCP connect";
            var socket = await SocketConnector.ConnectAsync(addresses, port, services.TimeProvider, ended.Token).ConfigureAwait(false);
            try
            {
                DeadPeerDetection.Apply(socket, settings.DeadPeerTimeout);
                return (socket, addresses);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException) when (attempt.HasTimedOut)
        {
            throw failure = attempt.TimedOut(phase);
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            if (failure is null || !discarded.IsCancellationRequested)
            {
                teller?.ConnectPhase(address, phase == "name resolution" ? "dns" : "tcp", began, failure);
            }
        }
    }

    private async Task<IPAddress[]> LookUpAsync(string host, CancellationToken cancellationToken)
    {
        var addresses = await SocketConnector.ResolveAsync(services.Names, host, cancellationToken).ConfigureAwait(false);

        // One of each family is one server's, as localhost's are.
        if (addresses.GroupBy(static address => address.AddressFamily).Any(static family => family.Count() > 1) && _several.TryAdd(host, true))
        {
            if (_several.Count > MostNames)
            {
                _several.Clear();
            }

            services.Logger.SeveralAddresses(host, addresses.Length);
        }

        return addresses;
    }
}
