using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Http;

/// <summary>
/// An HTTP/1.1 server that answers each request's head with the bytes its script has, allowed or not; it may also be a proxy. An answer
/// that ends in <see cref="End"/> closes the connection.
/// </summary>
internal sealed class RawHttpServer : IAsyncDisposable
{
    /// <summary>Closes the connection after the answer.</summary>
    public const string End = "\0end";

    // The options of socket(7).
    private const int SolSocket = 1;
    private const int SoBindToDevice = 25;

    private readonly TcpListener _listener;
    private readonly Func<string, Stream, Task<string?>> _answer;
    private readonly X509Certificate2? _certificate;
    private readonly ConcurrentQueue<Socket> _sockets = new();
    private readonly ConcurrentQueue<Task> _runs = new();
    private readonly Task _accepting;

    /// <param name="answer">Given a request's head and the connection, the answer; <see langword="null"/> when it has answered itself and is done.</param>
    /// <param name="tls">Whether it speaks TLS.</param>
    /// <param name="everyLoopback">Whether it has every address of 127.0.0.0/8, on the loopback device alone.</param>
    public RawHttpServer(Func<string, Stream, Task<string?>> answer, bool tls = false, bool everyLoopback = false)
    {
        _listener = new TcpListener(everyLoopback ? IPAddress.Any : IPAddress.Loopback, 0);
        if (everyLoopback)
        {
            _listener.Server.SetRawSocketOption(SolSocket, SoBindToDevice, "lo\0"u8);
        }

        _answer = answer;
        _certificate = tls ? TestAuthority.Shared.IssueServer() : null;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public RawHttpServer(Func<string, string?> answer, bool tls = false, bool everyLoopback = false)
        : this((head, _) => Task.FromResult(answer(head)), tls, everyLoopback)
    {
    }

    public Uri Address => new($"{(_certificate is null ? "http" : "https")}://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public int Connections => _sockets.Count;

    /// <summary>Gets every request's head, in order of arrival.</summary>
    public ConcurrentQueue<string> Requests { get; } = new();

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }

        await Task.WhenAll(_runs);
        _certificate?.Dispose();
    }

    private static bool IsEnd(Exception exception)
        => exception is IOException or SocketException or ObjectDisposedException or AuthenticationException or InvalidOperationException;

    private static async Task<string?> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (await stream.ReadAsync(one) > 0)
        {
            head.Append((char)one[0]);
            if (head.Length >= 4 && head.ToString(head.Length - 4, 4) == "\r\n\r\n")
            {
                return head.ToString();
            }
        }

        return null;
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                _sockets.Enqueue(socket);
                _runs.Enqueue(ServeAsync(socket));
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            // The listener is disposed.
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await using var stream = await ServerStream.OpenAsync(socket, _certificate);
            while (await ReadHeadAsync(stream) is { } head)
            {
                Requests.Enqueue(head);
                if (await _answer(head, stream) is not { } answer)
                {
                    return;
                }

                await stream.WriteAsync(Encoding.Latin1.GetBytes(answer.Replace(End, "", StringComparison.Ordinal)));
                if (answer.EndsWith(End, StringComparison.Ordinal))
                {
                    return;
                }
            }
        }
        catch (Exception exception) when (IsEnd(exception))
        {
            socket.Dispose();
        }
    }
}
