using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Dialing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>A name with several addresses and no resolver: the address is one endpoint, whose dials know which of them fail.</summary>
public sealed class SeveralAddressesTests : WatchedTest
{
    private static readonly IPAddress Other = IPAddress.Parse("127.0.0.2");

    [Theory]
    [InlineData(null)]
    [InlineData(1)]
    public async Task Call_FirstAddressAcceptsAndSaysNothing_IsAnsweredByTheNextBeforeTheConnectTimesOut(int? maxConnections)
    {
        await using var server = await TestServer.StartAsync();
        using var frozen = new FrozenServer(new IPEndPoint(Other, server.Port));
        await using var clients = await StartAsync(server, maxConnections);

        // The connect may take 5 s.
        await clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(4));

        Assert.Equal(1, frozen.Accepted);
    }

    [Fact]
    public async Task Dial_ThatWasLateEndsWellWhereTheNextHasTakenItsPlace_IsClosed()
    {
        await using var server = await TestServer.StartAsync();
        await using var late = await TestServer.StartAsync(new TestServerOptions { Address = Other, Port = server.Port });
        late.Connections.HoldHandshakes();
        await using var clients = await StartAsync(server, maxConnections: 1);
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        Assert.Equal((1, 0), (late.Connections.Open, late.Connections.Handshakes));

        late.Connections.ReleaseHandshakes();
        await Eventually.EqualAsync((0, 1), () => (late.Connections.Open, late.Connections.Handshakes));

        await clients.KeyValue.GetAsync(Calls.AnyGet);
        Assert.Equal(1, server.Connections.Accepted);
    }

    [Fact]
    public async Task Calls_FirstOfFiveAddressesIsFrozen_AreAllAnsweredAndItIsDialedOnce()
    {
        IPAddress[] others = [.. Enumerable.Range(3, 3).Select(static last => new IPAddress([127, 0, 0, (byte)last]))];
        await using var server = await TestServer.StartAsync();
        using var frozen = new FrozenServer(new IPEndPoint(Other, server.Port));
        await using var clients = await StartAsync(server, maxConnections: null, [Other, IPAddress.Loopback, .. others]);

        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(4)).ResponseAsync));

        Assert.Equal((50, 1), (server.Behavior.TotalProcessed, frozen.Accepted));
    }

    [Fact]
    public async Task Dial_AfterTheFirstAddressFailed_DoesNotBeginWithIt()
    {
        await using var server = await TestServer.StartAsync();
        using var frozen = new FrozenServer(new IPEndPoint(Other, server.Port));
        await using var clients = await StartAsync(server);
        await clients.KeyValue.GetAsync(Calls.AnyGet);

        for (var i = 0; i < 3; i++)
        {
            clients.Transport.Replace("the test says so", clients.Transport.Current);
            await clients.KeyValue.GetAsync(Calls.AnyGet);
        }

        Assert.Equal(1, frozen.Accepted);
        Assert.Equal(4, server.Connections.Accepted);
        Assert.Single(Log.Entries, static entry => entry.Message.Contains("has 2 addresses", StringComparison.Ordinal));
    }

    private Task<ClientHost> StartAsync(TestServer server, int? maxConnections = null, IPAddress[]? addresses = null) => ClientHost.StartAsync(Log, services =>
    {
        services.AddSingleton<NameLookup>(new FakeNames(addresses ?? [Other, IPAddress.Loopback]));
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = server.Address;
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            options.Connection.MaxConnections = maxConnections;
        });
    });
}
