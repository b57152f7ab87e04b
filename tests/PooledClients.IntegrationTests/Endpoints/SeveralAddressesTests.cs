using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Dialing;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>A name with several addresses and no resolver: the address is one endpoint, whose dials know which of them fail.</summary>
public sealed class SeveralAddressesTests : WatchedTest
{
    private static readonly IPAddress Other = IPAddress.Parse("127.0.0.2");

    [Fact]
    public async Task Call_FirstAddressAcceptsAndSaysNothing_IsAnsweredByTheNextBeforeTheConnectTimesOut()
    {
        await using var server = await TestServer.StartAsync();
        using var frozen = new FrozenServer(new IPEndPoint(Other, server.Port));
        await using var clients = await StartAsync(server);

        // The connect may take 5 s.
        await clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(4));

        Assert.Equal(1, frozen.Accepted);
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

    private Task<ClientHost> StartAsync(TestServer server) => ClientHost.StartAsync(Log, services =>
    {
        services.AddSingleton<NameLookup>(new FakeNames(Other, IPAddress.Loopback));
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = server.Address;
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
        });
    });
}
