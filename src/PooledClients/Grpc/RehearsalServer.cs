using System.Net;
using System.Net.Sockets;
using PooledClients.Connections;

namespace PooledClients.Grpc;

/// <summary>
/// Answers each gRPC request with the message that it was told, over a socket of this process: as much of HTTP/2 (RFC 9113) as that
/// takes. It knows one peer only, the transport of the library.
/// </summary>
internal sealed class RehearsalServer : IDisposable
{
    private const int PrefaceLength = 24;
    private const int FrameHeaderLength = 9;

    // What a peer that was told nothing else may send in one frame.
    private const int LongestFrame = 16_384;

    // What one frame holds; a longer message is left out.
    private const int LongestMessage = 16_000;

    private const byte Data = 0;
    private const byte Headers = 1;
    private const byte Settings = 4;
    private const byte Ping = 6;
    private const byte WindowUpdate = 8;
    private const byte Acknowledged = 1;
    private const byte EndStream = 1;
    private const byte EndHeaders = 4;

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

    // Written before the call that it answers is sent.
    private volatile byte[] _message = Length(0);

    public RehearsalServer()
    {
        _listener.Start();
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

    // Anybody on this machine may connect first, and the transport again when the process was short of descriptors.
    private async Task AcceptAsync(CancellationToken over)
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(over).ConfigureAwait(false), over);
            }
        }
        catch (Exception exception) when (exception is SocketException or InvalidOperationException or OperationCanceledException)
        {
            // The rehearsal is over: a listener that is stopped between two accepts says that it does not listen.
        }
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
                // The peer is gone, or the rehearsal is over.
            }
        }
    }

    private async Task AnswerAsync(NetworkStream stream, CancellationToken over)
    {
        var preface = new byte[PrefaceLength];
        await stream.ReadExactlyAsync(preface, over).ConfigureAwait(false);
        byte[] opening = [.. Frame(Settings, 0, Connection, []), .. Frame(WindowUpdate, 0, Connection, WidestWindow)];
        await stream.WriteAsync(opening, over).ConfigureAwait(false);
        var header = new byte[FrameHeaderLength];
        var headers = FirstHeaders;
        while (true)
        {
            await stream.ReadExactlyAsync(header, over).ConfigureAwait(false);
            var length = (header[0] << 16) | (header[1] << 8) | header[2];
            if (length > LongestFrame)
            {
                return;
            }

            var payload = new byte[length];
            await stream.ReadExactlyAsync(payload, over).ConfigureAwait(false);
            var (type, flags, id) = (header[3], header[4], header[5..]);
            switch (type)
            {
                case Settings when (flags & Acknowledged) == 0:
                    await stream.WriteAsync(Frame(Settings, Acknowledged, id, []), over).ConfigureAwait(false);
                    break;
                case Ping when (flags & Acknowledged) == 0:
                    await stream.WriteAsync(Frame(Ping, Acknowledged, id, payload), over).ConfigureAwait(false);
                    break;
                case Data or Headers when (flags & EndStream) != 0:
                    byte[] answer =
                    [
                        .. Frame(Headers, EndHeaders, id, headers), .. Frame(Data, 0, id, _message),
                        .. Frame(Headers, EndHeaders | EndStream, id, Trailers),
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
