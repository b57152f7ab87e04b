using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Relays;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Grpc;

public class WaitForReadyTests : WatchedTest
{
    public enum Level
    {
        Client,
        Method,
        Call,
    }

    [Theory]
    [InlineData(Level.Client)]
    [InlineData(Level.Method)]
    [InlineData(Level.Call)]
    public async Task Call_ServerComesLater_WaitsForIt(Level level)
    {
        var port = await FreedPortAsync();
        await using var clients = await StartAsync(port, level);
        var options = default(CallOptions).WithWaitForReady(level == Level.Call);

        var call = clients.KeyValue.GetAsync(Calls.AnyGet, options).ResponseAsync;
        await Eventually.HoldsAsync(() => clients.Transport.Backoff.Failure is not null);
        Assert.False(call.IsCompleted);
        await using var server = await TestServer.StartAsync(new TestServerOptions { Port = port });
        await call;

        Assert.Equal(1, server.Behavior.TotalProcessed);
    }

    [Fact]
    public async Task Call_EveryKind_WaitsForTheServer()
    {
        var port = await FreedPortAsync();
        await using var clients = await StartAsync(port, Level.Client);
        using var load = clients.KeyValue.Load();
        using var exchange = clients.KeyValue.Exchange();

        var scan = clients.KeyValue.ScanAsync();
        var loaded = LoadAsync();
        var exchanged = ExchangeAsync();
        await Eventually.HoldsAsync(() => clients.Transport.Backoff.Failure is not null);
        await using var server = await TestServer.StartAsync(new TestServerOptions { Port = port });

        Assert.Equal(1, await loaded);
        Assert.True(await exchanged);
        await scan;
        Assert.Equal(3, server.Behavior.TotalProcessed);

        async Task<long> LoadAsync()
        {
            await load.RequestStream.WriteAsync(Calls.AnyPut);
            await load.RequestStream.CompleteAsync();
            return (await load.ResponseAsync).Count;
        }

        async Task<bool> ExchangeAsync()
        {
            await exchange.RequestStream.WriteAsync(new RocksDb.V1.ExchangeRequest { Put = Calls.AnyPut });
            await exchange.RequestStream.CompleteAsync();
            return await exchange.ResponseStream.MoveNext(CancellationToken.None);
        }
    }

    [Fact]
    public async Task Call_AfterAWait_TellsTheServerWhatIsLeftOfItsDeadline()
    {
        var port = await FreedPortAsync();
        await using var clients = await StartAsync(port, Level.Client);
        var given = TimeSpan.FromMinutes(1);

        var call = clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow + given).ResponseAsync;
        var started = Stopwatch.GetTimestamp();
        await Eventually.HoldsAsync(() => clients.Transport.Backoff.Failure is not null);
        var waited = Stopwatch.GetElapsedTime(started);
        await using var server = await TestServer.StartAsync(new TestServerOptions { Port = port });
        await call;

        var told = GrpcTimeout(Assert.Single(server.Requests).Headers["grpc-timeout"]);
        Assert.InRange(told, TimeSpan.Zero, given - waited);
    }

    [Fact]
    public async Task Call_WithoutIt_FailsWithTheConnectError()
    {
        await using var clients = await StartAsync(await FreedPortAsync(), level: null);

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("Connection refused", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_DeadlineWhileItWaits_TellsTheLastConnectError()
    {
        await using var clients = await StartAsync(await FreedPortAsync(), Level.Client);

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(0.3)));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Contains("Connection refused", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Call_UntrustedServer_FailsAtOnce()
    {
        using var other = new TestAuthority("Other authority");
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options =>
        {
            options.ConnectTo(server.Address, other);
            options.WaitForReady = true;
            options.Deadline = Timeout.InfiniteTimeSpan;
        });

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    private Task<ClientHost> StartAsync(int port, Level? level) =>
        ClientHost.StartAsync(Log, new Uri($"https://localhost:{port}"), options =>
        {
            options.WaitForReady = level == Level.Client;
            if (level == Level.Method)
            {
                options.Methods["Get"] = new GrpcMethodOptions { WaitForReady = true };
            }
        });

    // Nobody listens there now, and a server may later.
    private static async Task<int> FreedPortAsync()
    {
        await using var relay = new Relay(targetPort: 0);
        return relay.Port;
    }

    private static TimeSpan GrpcTimeout(string header)
    {
        var value = long.Parse(header.AsSpan(0, header.Length - 1), CultureInfo.InvariantCulture);
        return header[^1] switch
        {
            'H' => TimeSpan.FromHours(value),
            'M' => TimeSpan.FromMinutes(value),
            'S' => TimeSpan.FromSeconds(value),
            'm' => TimeSpan.FromMilliseconds(value),
            'u' => TimeSpan.FromMicroseconds(value),
            _ => TimeSpan.FromTicks(value / 100),
        };
    }
}
