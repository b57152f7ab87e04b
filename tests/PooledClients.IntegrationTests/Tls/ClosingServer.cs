using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text;
using PooledClients.TestBed.Certificates;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>
/// A server that asks for a client certificate, takes any, and answers in HTTP/1.1 or HTTP/2 as gRPC or plainly. Its first connections it
/// closes where it is told to, and those after them never.
/// </summary>
internal sealed class ClosingServer : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly SslServerAuthenticationOptions _options;
    private readonly bool _http2;
    private readonly bool _empty;
    private readonly ClosePoint _point;
    private readonly Task _loop;
    private int _toClose;
    private int _accepted;

    public ClosingServer(SslProtocols protocol, bool tickets, bool http2, bool empty, ClosePoint point, int connections = 1)
    {
        (_http2, _empty, _point, _toClose) = (http2, empty, point, connections);
        _options = new SslServerAuthenticationOptions
        {
            ServerCertificate = TestAuthority.Shared.IssueServer(),
            ClientCertificateRequired = true,
            EnabledSslProtocols = protocol,
            AllowTlsResume = tickets,
            ApplicationProtocols = [http2 ? SslApplicationProtocol.Http2 : SslApplicationProtocol.Http11],
            RemoteCertificateValidationCallback = static (_, certificate, _, _) => certificate is not null,
        };
        _listener.Start();
        _loop = AcceptAsync();
    }

    public Uri Address => new($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public int Accepted => Volatile.Read(ref _accepted);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _loop;
        (_options.ServerCertificate as IDisposable)?.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync();
                Interlocked.Increment(ref _accepted);
                _ = ServeAsync(client, Interlocked.Decrement(ref _toClose) >= 0 ? _point : null);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener is disposed, which ends a pending accept in the one way and the next one in the other.
        }
    }

    private async Task ServeAsync(TcpClient client, ClosePoint? point)
    {
        using (client)
        {
            try
            {
                await using var stream = new SslStream(client.GetStream());
                await stream.AuthenticateAsServerAsync(_options);
                if (point != ClosePoint.AfterHandshake)
                {
                    await (_http2 ? ServeHttp2Async(stream, point) : ServeHttp1Async(stream, point));
                }

                await stream.ShutdownAsync();
            }
            catch (Exception e) when (e is IOException or AuthenticationException or ObjectDisposedException)
            {
                // The client is gone.
            }
        }
    }

    private async Task ServeHttp1Async(SslStream stream, ClosePoint? point)
    {
        using var reader = new StreamReader(stream, Encoding.ASCII, leaveOpen: true);
        while (await reader.ReadLineAsync() is { } line)
        {
            var length = 0;
            for (; line is { Length: > 0 }; line = await reader.ReadLineAsync())
            {
                length = line.StartsWith("Content-Length: ", StringComparison.Ordinal) ? int.Parse(line[16..], System.Globalization.CultureInfo.InvariantCulture) : length;
            }

            if (length > 0)
            {
                await reader.ReadBlockAsync(new char[length]);
            }

            if (await AnswerAsync(stream, Encoding.ASCII.GetBytes(_empty ? "HTTP/1.1 204 No Content\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"), point))
            {
                return;
            }
        }
    }

    private async Task ServeHttp2Async(SslStream stream, ClosePoint? point)
    {
        await stream.ReadExactlyAsync(new byte[24]);
        await stream.WriteAsync(Frame(4, 0, [0, 0, 0, 0], []));
        var header = new byte[9];
        while (true)
        {
            await stream.ReadExactlyAsync(header);
            var payload = new byte[(header[0] << 16) | (header[1] << 8) | header[2]];
            await stream.ReadExactlyAsync(payload);
            if (header[3] is 4 or 6 && (header[4] & 1) == 0)
            {
                await stream.WriteAsync(Frame(header[3], 1, header[5..], header[3] == 6 ? payload : []));
            }
            else if (header[3] is 0 or 1 && (header[4] & 1) != 0 && await AnswerAsync(stream, Http2Answer(header[5..]), point))
            {
                return;
            }
        }
    }

    // Fields without an index, so that each answer is the same: gRPC's, with an empty message, or status 204.
    private byte[] Http2Answer(byte[] id)
    {
        byte[] headers = [0x88, 0x0f, 16, 16, .. "application/grpc"u8];
        byte[] trailers = [0x00, 11, .. "grpc-status"u8, 1, .. "0"u8];
        return _empty
            ? Frame(1, 5, id, [0x89])
            : [.. Frame(1, 4, id, headers), .. Frame(0, 0, id, new byte[5]), .. Frame(1, 5, id, trailers)];
    }

    /// <summary>Answers, or a part of it, and tells whether the connection is to be closed.</summary>
    private static async Task<bool> AnswerAsync(SslStream stream, byte[] answer, ClosePoint? point)
    {
        if (point != ClosePoint.AfterRequest)
        {
            await stream.WriteAsync(answer.AsMemory(0, point == ClosePoint.WithinAnswer ? 10 : answer.Length));
        }

        return point is not null;
    }

    private static byte[] Frame(byte type, byte flags, byte[] id, byte[] payload) => [0, (byte)(payload.Length >> 8), (byte)payload.Length, type, flags, .. id, .. payload];
}
