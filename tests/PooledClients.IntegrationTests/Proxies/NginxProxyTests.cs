using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Proxies;

/// <summary>A real proxy, whose connections end after 100 requests and which is reloaded under load.</summary>
public class NginxProxyTests : WatchedTest
{
    private const int Total = 50_000;
    private const int Reloads = 5;

    [Fact]
    public async Task Calls_50000WithReloads_FailNone()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var nginx = await NginxProxy.StartAsync(server.Port);
        await using var clients = await ClientHost.StartAsync(Log, nginx.Address);
        await clients.KeyValue.PutAsync(Calls.AnyPut);

        await Calls.RunAsync(callers: 32, Total, async number =>
        {
            if (number % (Total / Reloads) == Total / Reloads / 2)
            {
                await nginx.ReloadAsync();
            }

            if (number % 4 == 0)
            {
                Assert.Equal(1, await clients.KeyValue.ScanAsync());
            }
            else
            {
                await clients.KeyValue.GetAsync(Calls.AnyGet);
            }
        });
    }
}
