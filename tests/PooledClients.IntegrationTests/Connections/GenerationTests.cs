using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>The handler is replaced under live calls, and no call notices.</summary>
public class GenerationTests : WatchedTest
{
    [Fact]
    public async Task Replace_While350CallsWaitForAFirstConnection_FailsNone()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        server.Connections.HoldHandshakes();

        // Streams, for the limit holds unary calls back in front of the transport.
        var scans = Enumerable.Range(0, 350).Select(_ => clients.KeyValue.ScanAsync()).ToArray();
        var waiting = clients.Transport.Endpoint!;
        await Eventually.EqualAsync(350, () => waiting.Waiting + waiting.Connections.InFlight);
        await Eventually.HoldsAsync(() => server.Connections.Accepted > 0);
        clients.Transport.Replace("the test says so", clients.Transport.Current);
        server.Connections.ReleaseHandshakes();
        await Task.WhenAll(scans);

        Assert.Equal(350, server.Behavior.TotalProcessed);
    }

    [Fact]
    public async Task Replace_UnderLiveCalls_FailsNoneAndKeepsTheStream()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        using var stream = clients.KeyValue.Exchange();
        await ExchangeAsync(stream);

        var calls = Calls.RunAsync(callers: 16, total: 3000, async number =>
        {
            if (number % 100 == 0)
            {
                clients.Transport.Replace("the test says so", clients.Transport.Current);
            }

            await clients.KeyValue.PutAsync(Calls.AnyPut);
        });
        await calls;
        await ExchangeAsync(stream);
        await stream.RequestStream.CompleteAsync();
        Assert.False(await stream.ResponseStream.MoveNext(CancellationToken.None));

        Assert.Equal(3000, server.Behavior.Processed("Put"));
        Assert.Equal(31, clients.Transport.Current.Number);

        // What was replaced closes as its last call ends.
        await Eventually.EqualAsync(1, () => server.Connections.Open);
    }

    [Fact]
    public async Task Replace_WithTheCapInUseByTheOldOne_ConnectsTheNewOneAllTheSame()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Connection.MaxConnections = 1);
        using var stream = clients.KeyValue.Exchange();
        await ExchangeAsync(stream);

        clients.Transport.Replace("the test says so", clients.Transport.Current);
        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(2, server.Connections.Open);
        await ExchangeAsync(stream);
    }

    [Fact]
    public async Task Replace_WhileTheOnlyDialThatTheCapAllowsHangs_DialsAnew()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, static options =>
        {
            options.Connection.MaxConnections = 1;
            options.Connection.ConnectTimeout = TimeSpan.FromMinutes(10);
        });
        server.Connections.HoldHandshakes();
        var call = clients.KeyValue.PutAsync(Calls.AnyPut);
        await Eventually.EqualAsync(1, () => server.Connections.Accepted);

        clients.Transport.Replace("the test says so", clients.Transport.Current);

        await Eventually.EqualAsync(2, () => server.Connections.Accepted);
        server.Connections.ReleaseHandshakes();
        await call;
        await Eventually.EqualAsync(1, () => server.Connections.Open);
    }

    [Fact]
    public async Task CloseGracefully_AgainAndAgainUnder16Callers_FailsNoCallAndNoStream()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await Calls.RunAsync(callers: 16, total: 4000, async number =>
        {
            if (number % 100 == 0)
            {
                server.Connections.CloseGracefully();
            }

            if (number % 4 == 0)
            {
                await clients.KeyValue.ScanAsync();
            }
            else
            {
                await clients.KeyValue.GetAsync(Calls.AnyGet);
            }
        });

        Assert.InRange(server.Connections.Accepted, 10, 4000);
    }

    [Fact]
    public async Task Lifetime_Passes_CallsGoOnOverANewConnection()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Connection.Lifetime = TimeSpan.FromMilliseconds(100));
        using var stream = clients.KeyValue.Exchange();
        await ExchangeAsync(stream);

        await Calls.UntilAsync(() => server.Connections.Accepted >= 4, token => clients.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: token).ResponseAsync);

        await ExchangeAsync(stream);

        // The last one may still be on its way: calls go on over the one whose lifetime is over until it is up.
        await Eventually.HoldsAsync(() => server.Connections.Accepted == server.Connections.Handshakes);
    }

    private static async Task ExchangeAsync(AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse> stream)
    {
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet });
        Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
    }
}
