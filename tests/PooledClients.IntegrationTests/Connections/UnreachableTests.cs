using System.Net;
using System.Net.Sockets;
using System.Text;
using Grpc.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>What a call says of a server that cannot be reached, and that what does not get better by trying is not tried again.</summary>
public class UnreachableTests : WatchedTest
{
    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n")]
    [InlineData("\0\0\0\u0004\0\0\0\0\0")]
    public async Task Call_OfTlsToAServerInClearText_SaysSoOnce(string answer)
    {
        using var server = new AnsweringServer(answer);
        await using var clients = await StartAsync($"https://localhost:{server.Port}");

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("speaks no TLS", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Contains("http://", failure.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("trust", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(1, server.Accepted);
    }

    [Theory]
    [InlineData(true, "ALPN")]
    [InlineData(false, "speaks HTTP/1.1 only")]
    public async Task Call_ToAServerOfHttp11Only_SaysSoOnce(bool tls, string words)
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = tls, Protocols = HttpProtocols.Http1 });
        await using var clients = await StartAsync(server.Address.ToString());

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains(words, failure.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("trust", failure.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("attempts", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\u0015\u0003\u0001\0\u0002\u0002F", "speaks TLS: its address begins with https://")]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP/1.1 only")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "does not speak HTTP/2")]
    public async Task Call_InClearTextToAnotherProtocol_SaysSoOnce(string answer, string words)
    {
        using var server = new AnsweringServer(answer);
        await using var clients = await StartAsync($"http://localhost:{server.Port}");

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains(words, failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(1, server.Accepted);
    }

    [Fact]
    public async Task Call_InClearTextToATlsServer_SaysWhatItMayBe()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions());
        await using var clients = await StartAsync($"http://localhost:{server.Address.Port}");

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("begins with https://", failure.Status.Detail, StringComparison.Ordinal);

        // It just closes, as a server does that is about to be replaced: that may get better, and is tried as often as gRPC allows.
        Assert.InRange(server.Connections.Accepted, 1, 5);
    }

    [Fact]
    public async Task Call_WithoutACertificateThatTheServerWants_SaysSo()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { RequireClientCertificate = true });
        Log.Allow(static _ => true);
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Contains("client certificate", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_ThatIsRefused_IsTriedNoMoreThanGrpcAllows()
    {
        await using var clients = await StartAsync($"https://localhost:{FreePort()}");

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("(5 attempts; as many as it may make)", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("https://greeter.invalid:5001")]
    [InlineData("https://greeter")]
    public async Task Call_OfANameThatDnsDoesNotKnow_SaysWhatToDo(string address)
    {
        await using var clients = await StartAsync(address, maxAttempts: 1);

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Contains("service discovery", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false, "no such socket")]
    [InlineData(true, "no server listens on the socket")]
    public async Task Call_OfAUnixSocketWithoutAServer_SaysWhatIsMissing(bool isThere, string words)
    {
        using var folder = new TempFolder();
        var path = folder.PathOf("server.sock");
        using var bound = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        if (isThere)
        {
            bound.Bind(new UnixDomainSocketEndPoint(path));
        }

        await using var clients = await StartAsync($"unix:{path}", maxAttempts: 1);

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Contains(words, failure.Status.Detail, StringComparison.Ordinal);
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private Task<ClientHost> StartAsync(string address, int? maxAttempts = null)
    {
        Log.Allow(static _ => true);
        return ClientHost.StartAsync(Log, new Uri(address), options =>
        {
            options.Resilience.Retry.MaxAttempts = maxAttempts ?? options.Resilience.Retry.MaxAttempts;
            options.Methods["Get"] = new GrpcMethodOptions { Idempotent = true };
        });
    }

    /// <summary>Answers whatever comes with the same bytes, and closes.</summary>
    private sealed class AnsweringServer : IDisposable
    {
        private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
        private int _accepted;

        public AnsweringServer(string answer)
        {
            _listener.Start();
            _ = RunAsync(Encoding.Latin1.GetBytes(answer));
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public int Accepted => Volatile.Read(ref _accepted);

        public void Dispose() => _listener.Dispose();

        private async Task RunAsync(byte[] answer)
        {
            try
            {
                while (true)
                {
                    using var socket = await _listener.AcceptSocketAsync();
                    Interlocked.Increment(ref _accepted);
                    await socket.ReceiveAsync(new byte[4096]);
                    await socket.SendAsync(answer);
                    socket.Shutdown(SocketShutdown.Send);
                    await socket.ReceiveAsync(new byte[4096]);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                // The test is over.
            }
        }
    }
}
