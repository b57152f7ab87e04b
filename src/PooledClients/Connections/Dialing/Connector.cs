using System.Net.Sockets;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Connections.Dialing;

/// <summary>
/// Makes the connections of one generation: when a call needs one more, when the last failure is long enough ago, and when there is
/// room for its descriptor.
/// </summary>
internal sealed class Connector(Generation generation, Transport transport, TransportServices services)
{
    private readonly TimeProvider _timeProvider = services.TimeProvider;

    private readonly ConnectionDiagnostics? _diagnostics = services.Diagnostics;

    private readonly ConnectionSettings _settings = transport.Key.Connection;

    // HTTP requests to many addresses share a transport, and pace themselves by their own breaker.
    private readonly ConnectBackoff? _backoff = transport.Key.IsMultiplexed ? transport.Backoff : null;

    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var destination = generation.GetDestination(context.InitialRequestMessage);
        using var dial = destination.StartDial(context.InitialRequestMessage.Content as IPendingCall);
        using var wanted = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, dial.Abandoned);
        try
        {
            await destination.WaitForNeedAsync(dial, wanted.Token).ConfigureAwait(false);
            await WaitForGapAsync(wanted.Token).ConfigureAwait(false);
            var lease = await destination.Gate.AcquireAsync(wanted.Token).ConfigureAwait(false);
            try
            {
                var stream = await OpenAsync(context, destination, lease, wanted.Token).ConfigureAwait(false);
                dial.Connected();
                return stream;
            }
            catch
            {
                lease.Dispose();
                throw;
            }
        }
        catch (OperationCanceledException) when (dial.Abandoned.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new DialAbandonedException(destination.Address);
        }
    }

    /// <summary>Called by the handler once TLS has ended, or at once where there is none.</summary>
    public ValueTask<Stream> OnEstablishedAsync(SocketsHttpPlaintextStreamFilterContext context, Stream plaintext)
    {
        // A tunnel through a proxy has another connection under it, whose connect has ended before.
        var stream = (context.PlaintextStream as PooledStream) ?? (HandshakeRecorder.InnerOf(context.PlaintextStream) as PooledStream);
        stream?.Established(context.PlaintextStream);
        if (stream?.Handshake is { ShowsIdentity: true })
        {
            plaintext = new AnswerStream(plaintext, stream);
        }

        if (!transport.Key.IsMultiplexed)
        {
            return new(plaintext);
        }

        var destination = generation.GetDestination(context.InitialRequestMessage);
        var connection = stream?.Connection;
        return new(new SettingsStream(plaintext, new ReadPace(() => destination.InFlight, connection), limit => Learn(destination, connection, limit)));
    }

    private void Learn(Destination destination, PooledConnection? connection, int limit)
    {
        _backoff?.Succeed();
        destination.LearnStreamLimit(connection, limit);
        transport.LearnStreamLimit(destination.StreamLimit);
    }

    // Calls wait for the gap in front; here it holds back the dial of one that was sent before it began. No timeout counts it.
    private async Task WaitForGapAsync(CancellationToken cancellationToken)
    {
        while (_backoff?.RemainingGap() is { } gap && gap > TimeSpan.Zero)
        {
            // The runtime dials four times for a request whose connections end at once; a refusal is heard the first time.
            if (_backoff.Failure is { Exception: IdentityRefusedException refused })
            {
                throw new IdentityRefusedException(refused.Message, refused);
            }

            await Task.Delay(gap, _timeProvider, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task<PooledStream> OpenAsync(SocketsHttpConnectionContext context, Destination destination, ConnectionLease lease, CancellationToken wanted)
    {
        try
        {
            // Out of descriptors is nothing that the server could help: tried again as long as a call waits, outside the connect timeout.
            return await services.LocalFaultRetry.RunAsync(
                destination.Address, token => OpenOnceAsync(context, destination, lease, token), wanted).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !wanted.IsCancellationRequested)
        {
            _backoff?.Fail(exception);
            OpenFailed(destination.Address, exception);
            throw;
        }
    }

    private void OpenFailed(string address, Exception exception)
    {
        if (transport.Key.IsMultiplexed)
        {
            _diagnostics?.Metrics.ConnectFailed(address);
        }
        else if (!LocalFault.IsOutOfDescriptors(exception))
        {
            _diagnostics?.Addresses.Failed(address, exception, TimeSpan.Zero);
        }
    }

    private async ValueTask<PooledStream> OpenOnceAsync(
        SocketsHttpConnectionContext context, Destination destination, ConnectionLease lease, CancellationToken wanted)
    {
        var attempt = new ConnectAttempt(destination.Address, _settings.ConnectTimeout, _timeProvider);
        Socket? socket = null;
        try
        {
            socket = await OpenSocketAsync(context, destination.Address, attempt).ConfigureAwait(false);
            lease.MarkOpened();
            if (destination.IsSecure)
            {
                var takesTurns = transport.Key.Tls is not { AsksForRevocation: true };
                await attempt.BeginHandshakeAsync(services.Handshakes, takesTurns, wanted).ConfigureAwait(false);
            }

            var connection = new PooledConnection(destination, _timeProvider)
            {
                Telemetry = _diagnostics is null ? null : new ConnectionTelemetry(_diagnostics, destination.Address, transport.Key.IsMultiplexed, destination.IsSecure),
            };
            var handshake = destination.IsSecure ? transport.Key.Tls?.BeginHandshake(destination.Address) : null;
            var stream = new PooledStream(socket, lease, connection, attempt, _backoff, handshake);
            connection.Attach(stream, socket.RemoteEndPoint, socket.LocalEndPoint);
            destination.Add(connection);

            // The handshake that follows belongs to the attempt as well: when its time is over the socket is closed under it.
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

    private async Task<Socket> OpenSocketAsync(SocketsHttpConnectionContext context, string target, ConnectAttempt attempt)
    {
        var phase = "name resolution";
        var began = _timeProvider.GetTimestamp();
        Exception? failure = null;
        try
        {
            if (transport.Key.Address is { IsUnix: true } address)
            {
                phase = "the connect to the socket";
                return await SocketConnector.ConnectUnixAsync(address.Host, attempt.Token).ConfigureAwait(false);
            }

            var addresses = await SocketConnector.ResolveAsync(context.DnsEndPoint.Host, attempt.Token).ConfigureAwait(false);
            Tell(target, "dns", began, failure: null);
            began = _timeProvider.GetTimestamp();
            phase = "the TCP connect";
            var socket = await SocketConnector.ConnectAsync(addresses, context.DnsEndPoint.Port, _timeProvider, attempt.Token).ConfigureAwait(false);
            DeadPeerDetection.Apply(socket, _settings.DeadPeerTimeout);
            return socket;
        }
        catch (OperationCanceledException) when (attempt.HasTimedOut)
        {
            throw attempt.TimedOut(phase);
        }
        catch (Exception exception)
        {
            failure = exception;
            throw;
        }
        finally
        {
            Tell(target, phase == "name resolution" ? "dns" : "tcp", began, attempt.HasTimedOut ? attempt.TimedOut(phase) : failure);
        }
    }

    // A connect that failed without a word of the network's is told by its kind of exception.
    private void Tell(string target, string phase, long began, Exception? failure) => _diagnostics?.Metrics.ConnectPhase(
        target,
        ConnectionTelemetry.KindOf(transport.Key.IsMultiplexed),
        phase,
        _timeProvider.GetElapsedTime(began),
        failure switch
        {
            null => null,
            SocketException socket => socket.SocketErrorCode.ToString(),
            ConnectTimeoutException => "timeout",
            _ => failure.GetType().FullName,
        });
}
