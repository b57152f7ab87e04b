using System.Collections.Concurrent;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Threading.Channels;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Servers;

namespace PooledClients.TestBed.Http2;

/// <summary>
/// An HTTP/2 server that speaks raw frames, as its script says, connection by connection: for what a well-behaved server never
/// does. Nothing is sent that the script does not send, its first SETTINGS included.
/// </summary>
internal sealed class RawHttp2Server : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<RawHttp2Connection, Task> _script;
    private readonly X509Certificate2? _certificate;
    private readonly ConcurrentQueue<RawHttp2Connection> _connections = new();
    private readonly ConcurrentQueue<Task> _runs = new();
    private readonly Task _accepting;

    public RawHttp2Server(Func<RawHttp2Connection, Task> script, bool tls = true)
    {
        _script = script;
        _certificate = tls ? TestAuthority.Shared.IssueServer() : null;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public Uri Address => new($"{(_certificate is null ? "http" : "https")}://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Gets every request that arrived, over whatever connection, in order.</summary>
    public ConcurrentQueue<RawRequest> Requests { get; } = new();

    /// <summary>Gets every connection that came as far as HTTP/2, the closed ones included.</summary>
    public IReadOnlyCollection<RawHttp2Connection> Connections => _connections;

    /// <summary>Ends the server; a script that failed otherwise than by the end of its connection fails the test.</summary>
    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var connection in _connections)
        {
            connection.Dispose();
        }

        await Task.WhenAll(_runs);
        _certificate?.Dispose();
    }

    public static bool IsEndOfConnection(Exception exception) =>
        exception is IOException or SocketException or ObjectDisposedException or ChannelClosedException or AuthenticationException;

    private async Task AcceptAsync()
    {
        var number = 0;
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptSocketAsync();
                socket.NoDelay = true;
                _runs.Enqueue(RunAsync(++number, socket));
            }
        }
        catch (Exception exception) when (IsEndOfConnection(exception) || exception is InvalidOperationException)
        {
            // The listener is disposed, which ends a pending accept in the one way and the next one in the other.
        }
    }

    private async Task RunAsync(int number, Socket socket)
    {
        try
        {
            using var connection = new RawHttp2Connection(number, socket, await ServerStream.OpenAsync(socket, _certificate, SslApplicationProtocol.Http2), Requests);
            _connections.Enqueue(connection);

            // The script says first what it wants to hear of.
            var script = _script(connection);
            connection.StartReading();
            await script;
            await connection.Ended;
        }
        catch (Exception exception) when (IsEndOfConnection(exception))
        {
            socket.Dispose();
        }
    }
}
