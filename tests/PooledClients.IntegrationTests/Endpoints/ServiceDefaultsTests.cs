using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>An application in the style of Aspire's service defaults: service discovery for all clients, and addresses that name services.</summary>
public sealed class ServiceDefaultsTests : WatchedTest
{
    [Theory]
    [InlineData("https+http://catalog")]
    [InlineData("https://catalog")]
    public async Task Clients_OfBothKinds_FindTheirServiceByItsName(string address)
    {
        await using var group = await ServerGroup.StartAsync(2, "catalog");
        await using var clients = await StartAsync(group, address, "https://127.0.0.1");

        await Calls.RunAsync(callers: 4, total: 100, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync);
        await Calls.RunAsync(callers: 4, total: 100, _ => GetAsync(clients));

        Assert.All(group.Servers, static server => Assert.InRange(server.Requests.Count(static request => request.Path == "/any"), 1, 99));
        Assert.All(group.Servers, static server => Assert.True(server.Behavior.TotalProcessed > 0));
    }

    [Fact]
    public async Task Clients_EndpointsHaveANameOfTheirOwn_AreVerifiedForIt()
    {
        await using var group = await ServerGroup.StartAsync(1, "localhost");
        await using var clients = await StartAsync(group, "https+http://catalog", "https://localhost");

        await clients.KeyValue.GetAsync(Calls.AnyGet);
        await GetAsync(clients);
    }

    [Fact]
    public async Task Clients_ServiceIsFoundInClearText_SpeakIt()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var clients = await StartAsync("https+http://catalog", "http", [$"http://127.0.0.1:{server.Port}"]);

        await clients.KeyValue.GetAsync(Calls.AnyGet);
        Assert.Equal(1, ServerGroup.CallsOf(server));
    }

    private static async Task GetAsync(ClientHost clients)
    {
        using var response = await clients.Get<IHttpClientFactory>().CreateClient("catalog").GetAsync(new Uri("any", UriKind.Relative), TestContext.Current.CancellationToken);
    }

    private Task<ClientHost> StartAsync(ServerGroup group, string address, string host) =>
        StartAsync(address, "https", [.. group.Servers.Select(server => $"{host}:{server.Port}")]);

    private Task<ClientHost> StartAsync(string address, string scheme, string[] endpoints)
    {
        var settings = new Dictionary<string, string?>
        {
            ["PooledClients:Grpc:KeyValue:Address"] = address,
            ["PooledClients:Grpc:KeyValue:Endpoints:Resolver"] = "ServiceDiscovery",
            ["PooledClients:Http:catalog:BaseAddress"] = address,
            ["PooledClients:Http:catalog:Endpoints:Resolver"] = "ServiceDiscovery",
        };
        for (var i = 0; i < endpoints.Length; i++)
        {
            settings[$"Services:catalog:{scheme}:{i}"] = endpoints[i];
        }

        return ClientHost.StartAsync(
            Log,
            services =>
            {
                // What the service defaults do.
                services.AddServiceDiscovery();
                services.ConfigureHttpClientDefaults(static http => http.AddServiceDiscovery());

                // And what the application adds.
                services.AddPooledClientsServiceDiscovery();
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.Tls.CaCertificatePem = TestAuthority.Shared.Pem);
                services.AddPooledHttpClient("catalog", static options => options.Tls.CaCertificatePem = TestAuthority.Shared.Pem);
            },
            settings);
    }
}
