using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>Connecting: over what, how often, and what a failure says.</summary>
public class ConnectTests : WatchedTest
{
    [Fact]
    public async Task Call_OverAUnixSocket_IsServed()
    {
        using var folder = new TempFolder();
        await using var server = await TestServer.StartAsync(new TestServerOptions { UnixSocket = folder.PathOf("server.sock") });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.GetManyAsync(10);

        Assert.Equal(1, server.Connections.Accepted);
    }

    [Fact]
    public async Task Call_InClearText_IsServedAndSaidInTheLog()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.GetManyAsync(10);

        Assert.Equal(1, server.Connections.Accepted);
        Assert.Contains(Log.Entries, entry => entry.Message.Contains("clear text", StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task Calls_WhileTheServerIsDown_DialOnceAGapAndShareTheFailure()
    {
        // Accepts, and hangs up before TLS: a dial that fails, where it can be counted.
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var dials = 0;
        var accepting = HangUpAsync();
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var clients = await StartAsync(new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), time);

        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        var afterFirst = Volatile.Read(ref dials);
        for (var gap = 1; gap <= 5; gap++)
        {
            var calls = Enumerable.Range(0, 20).Select(_ => Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut))).ToArray();
            await Eventually.HoldsAsync(() =>
            {
                time.Advance(TimeSpan.FromMilliseconds(20));
                return calls.All(call => call.IsCompleted);
            });
            Assert.All(await Task.WhenAll(calls), failure => Assert.Equal(StatusCode.Unavailable, failure.StatusCode));
        }

        // One dial a gap would be 5; a call that comes as a gap ends may have one of its own.
        Assert.InRange(Volatile.Read(ref dials) - afterFirst, 1, 15);
        listener.Dispose();
        await accepting;

        async Task HangUpAsync()
        {
            try
            {
                while (true)
                {
                    using var socket = await listener.AcceptSocketAsync();
                    Interlocked.Increment(ref dials);
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
            }
        }
    }

    [Fact]
    public async Task Call_HandshakeNeverEnds_FailsUnavailableAtTheConnectTimeout()
    {
        await using var server = await TestServer.StartAsync();
        server.Connections.HoldHandshakes();
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => options.Connection.ConnectTimeout = TimeSpan.FromMilliseconds(300));

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("TLS", failure.Status.Detail, StringComparison.Ordinal);
        await Eventually.HoldsAsync(() => clients.Transport.Connections == 0);
    }

    [Fact]
    public async Task Call_AfterAnOutage_SucceedsAgain()
    {
        Log.Allow("breaker");
        var behavior = new ServiceBehavior();
        var first = await TestServer.StartAsync(new TestServerOptions { Behavior = behavior });
        await using var clients = await ClientHost.StartAsync(Log, first.Address);
        await clients.KeyValue.GetAsync(Calls.AnyGet);

        var port = first.Port;
        await first.DisposeAsync();
        for (var i = 0; i < 20; i++)
        {
            var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
            Assert.True(failure.StatusCode == StatusCode.Unavailable, failure.ToString());
        }

        await using var second = await TestServer.StartAsync(new TestServerOptions { Behavior = behavior, Port = port });
        await Eventually.HoldsAsync(() => clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync.ContinueWith(call => call.IsCompletedSuccessfully, TaskScheduler.Default).Result);

        Assert.Equal(1, behavior.Processed("Put"));
    }

    [Fact]
    public async Task Call_UsersOwnHandlerSettings_LeaveThePoolsOwnInPlace()
    {
        await using var server = await TestServer.StartAsync();
        SocketsHttpHandler? handler = null;
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address))
            .ConfigureHandler(own =>
            {
                handler = own;
                own.PooledConnectionLifetime = TimeSpan.FromMinutes(1);
                own.ResponseDrainTimeout = TimeSpan.FromSeconds(1);
            }));

        await clients.KeyValue.GetAsync(Calls.AnyGet);

        // A handler is a connection; how long it lives, the pool decides by what the user has set.
        Assert.False(handler!.EnableMultipleHttp2Connections);
        Assert.NotNull(handler.ConnectCallback);
        Assert.Equal(Timeout.InfiniteTimeSpan, handler.ConnectTimeout);
        Assert.Equal(TimeSpan.FromMinutes(1), clients.Transport.Endpoint!.Connections.Current.Single().Lifetime);
        Assert.Equal(TimeSpan.FromSeconds(1), handler.ResponseDrainTimeout);

        // Many servers punish pings; none is sent unless it is asked for.
        Assert.Equal(Timeout.InfiniteTimeSpan, handler.KeepAlivePingDelay);
    }

    private Task<ClientHost> StartAsync(Uri address, TimeProvider time) => ClientHost.StartAsync(Log, services =>
    {
        services.AddSingleton(time);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(address);
            options.Deadline = Timeout.InfiniteTimeSpan;
        });
    });

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_ServerDoesNotNegotiateHttp2_SaysSoAndDoesNotDialInATightLoop(bool waitForReady)
    {
        Log.Allow(static _ => true);
        using var certificate = TestAuthority.Shared.IssueServer("localhost");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var accepted = 0;
        _ = Task.Run(async () =>
        {
            while (true)
            {
                var socket = await listener.AcceptSocketAsync();
                Interlocked.Increment(ref accepted);
                var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
                await tls.AuthenticateAsServerAsync(certificate);
            }
        });
        await using var clients = await ClientHost.StartAsync(
            Log, new Uri($"https://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), options =>
            {
                options.WaitForReady = waitForReady;
                options.Resilience.Retry.MaxAttempts = 1;
            });

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(waitForReady ? 2 : 30)));

        Assert.Equal(waitForReady ? StatusCode.DeadlineExceeded : StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains(waitForReady ? "HTTP" : "did not negotiate HTTP/2", failure.Status.Detail, StringComparison.Ordinal);
        Assert.InRange(accepted, 1, 60);
    }
}
