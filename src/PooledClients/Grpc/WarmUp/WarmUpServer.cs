using System.Net;
using System.Net.Sockets;
using PooledClients.Connections;
using PooledClients.Connections.Wire;
using PooledClients.Connections.Wire.Frames;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.WarmUp;

/// <summary>
/// Answers each gRPC request with the message that it was told, over a socket of this process: as much of HTTP/2 (RFC 9113) as that
/// takes. It knows one peer only, the transport of the library: whoever else connects is closed unheard.
/// </summary>
internal sealed class WarmUpServer : IDisposable
{
    // Those that wait to be judged; more are turned away by the system.
    private const int Backlog = 4;

    // How long a peer has to turn out to be the transport, whose connect may be known to its maker a moment after it was accepted here.
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestLook = TimeSpan.FromMilliseconds(250);

    private const int PrefaceLength = 24;

    // What a peer that was told nothing else may send in one frame.
    private const int LongestFrame = 16_384;

    // What one frame holds; a longer message is left out.
    private const int LongestMessage = 16_000;

    private static readonly byte[] Connection = new byte[4];

    // 2^31-1 less the 65,535 bytes that the peer may send unasked: all clients' requests pass one connection, and none waits for room.
    private static readonly byte[] WidestWindow = [0x7f, 0xff, 0x00, 0x00];

    // ":status: 200" and "content-type: application/grpc", which enters the peer's table.
    private static readonly byte[] FirstHeaders = [0x88, 0x5f, 16, .. "application/grpc"u8];

    // The same, the second out of the table: as servers do it from their second response on.
    private static readonly byte[] LaterHeaders = [0x88, 0xbe];

    private static readonly byte[] Trailers = [0x00, 11, .. "grpc-status"u8, 1, .. "0"u8];

    private readonly TcpListener _listener = new(IPAddress.Loopback, port: 0);
    private readonly CancellationTokenSource _over = new();
    private readonly Func<int, bool> _isPeer;

    // Written before the call that it answers is sent.
    private volatile byte[] _message = Length(0);

    /// <param name="isPeer">Tells by its port whether a peer is the transport.</param>
    public WarmUpServer(Func<int, bool> isPeer)
    {
        _isPeer = isPeer;
        _listener.Start(Backlog);
        _ = AcceptAsync(_over.Token);
    }

    public ServiceAddress Address => new(Uri.UriSchemeHttp, IPAddress.Loopback.ToString(), ((IPEndPoint)_listener.LocalEndpoint).Port);

    public void AnswerWith(byte[] message) => _message = message.Length <= LongestMessage ? [.. Length(message.Length), .. message] : Length(0);

    public void Dispose()
    {
        _over.Cancel();
        _listener.Dispose();
        _over.Dispose();
    }

    // Anybody on this machine may connect first, and the transport again when the process was short of descriptors. One peer is judged at a
    // time, so that strangers never hold more than one connection of this process.
    private async Task AcceptAsync(CancellationToken over)
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(over).ConfigureAwait(false);
                if (await IsPeerAsync(client, over).ConfigureAwait(false))
                {
                    _ = ServeAsync(client, over);
                }
                else
                {
                    client.Dispose();
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException or OperationCanceledException)
        {
            // The warm-up is over: a listener that is stopped between two accepts says that it does not listen.
        }
    }

    private async Task<bool> IsPeerAsync(TcpClient client, CancellationToken over)
    {
        for (var looked = TimeSpan.Zero; looked < LongestLook && !over.IsCancellationRequested; looked += Look)
        {
            if (client.Client.RemoteEndPoint is IPEndPoint peer && _isPeer(peer.Port))
            {
                return true;
            }

            await Task.Delay(Look, TimeProvider.System, over).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return false;
    }

    private async Task ServeAsync(TcpClient client, CancellationToken over)
    {
        using (client)
        {
            try
            {
                client.NoDelay = true;
                await AnswerAsync(client.GetStream(), over).ConfigureAwait(false);
            }
            catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException or OperationCanceledException)
            {
                // The peer is gone, or the warm-up is over.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream, CancellationToken over)
    {
        var preface = new byte[PrefaceLength];
        await stream.ReadExactlyAsync(preface, over).ConfigureAwait(false);
        byte[] opening = [.. Frame(Http2Frame.Settings, 0, Connection, []), .. Frame(Http2Frame.WindowUpdate, 0, Connection, WidestWindow)];
        await stream.WriteAsync(opening, over).ConfigureAwait(false);
        var header = new byte[Http2Frame.HeaderLength];
        var headers = FirstHeaders;
        while (true)
        {
            await stream.ReadExactlyAsync(header, over).ConfigureAwait(false);
            var length = Http2Frame.PayloadLength(header);
            if (length > LongestFrame)
            {
                return;
            }

            var payload = new byte[length];
            await stream.ReadExactlyAsync(payload, over).ConfigureAwait(false);
            var (type, flags, id) = (Http2Frame.Type(header), Http2Frame.Flags(header), header[5..]);
            switch (type)
            {
                case Http2Frame.Settings when (flags & Http2Frame.Acknowledged) == 0:
                    await stream.WriteAsync(Frame(Http2Frame.Settings, Http2Frame.Acknowledged, id, []), over).ConfigureAwait(false);
                    break;
                case Http2Frame.Ping when (flags & Http2Frame.Acknowledged) == 0:
                    await stream.WriteAsync(Frame(Http2Frame.Ping, Http2Frame.Acknowledged, id, payload), over).ConfigureAwait(false);
                    break;
                case Http2Frame.Data or Http2Frame.Headers when (flags & Http2Frame.EndStream) != 0:
                    byte[] answer =
                    [
                        .. Frame(Http2Frame.Headers, Http2Frame.EndHeaders, id, headers), .. Frame(Http2Frame.Data, 0, id, _message),
                        .. Frame(Http2Frame.Headers, Http2Frame.EndHeaders | Http2Frame.EndStream, id, Trailers),
                    ];
                    headers = LaterHeaders;
                    await stream.WriteAsync(answer, over).ConfigureAwait(false);
                    break;
            }
        }
    }

    // Not compressed, and four bytes of length.
    private static byte[] Length(int length) => [0, 0, 0, (byte)(length >> 8), (byte)length];

    private static byte[] Frame(byte type, byte flags, byte[] streamId, byte[] payload)
        => [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, .. streamId, .. payload];
}
