using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Certificates;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Logs;
using PooledClients.IntegrationTests.Processes;
using PooledClients.IntegrationTests.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Proxies;

/// <summary>That a pooled gRPC client reaches a server with TLS through a proxy that makes a tunnel to it.</summary>
public class GrpcTunnelTests : WatchedTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Calls_ThroughATunnel_ShareIt(bool withCredentials)
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = true });
        await using var proxy = TunnelProxy.Start(withCredentials);
        var credentials = withCredentials ? new NetworkCredential("user", "secret") : null;
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address))
            .ConfigureHandler(handler => handler.Proxy = new WebProxy(proxy.Address) { Credentials = credentials }));

        await clients.KeyValue.PutAsync(Calls.AnyPut);
        await clients.KeyValue.GetManyAsync(50);
        Assert.Equal(1, await clients.KeyValue.ScanAsync());

        Assert.All(proxy.Requests, request => Assert.StartsWith($"CONNECT localhost:{server.Port} ", request, StringComparison.Ordinal));
        Assert.Equal(1, server.Connections.Accepted);
    }

    [Fact]
    public async Task Calls_ProxyBypassed_GoStraight()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = true });
        await using var proxy = TunnelProxy.Start(withCredentials: false);
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address))
            .ConfigureHandler(handler => handler.Proxy = new WebProxy(proxy.Address, BypassOnLocal: false, ["localhost"])));

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Empty(proxy.Requests);
        Assert.NotNull(clients.Transport.Endpoint);
    }

    [Fact]
    public async Task Call_ProxyOfTheEnvironment_IsGoneThrough()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = true });
        await using var proxy = TunnelProxy.Start(withCredentials: false);

        var child = (await ChildProcess.RunAsync(
            CallThroughTheEnvironmentsProxyAsync, descriptorLimit: null, proxy.Address.ToString(), server.Address.ToString(), TestAuthority.Shared.Certificate.ExportCertificatePem())).AssertSucceeded();

        Assert.Equal("OK", child.Output.Trim());
        Assert.StartsWith("CONNECT localhost:", Assert.Single(proxy.Requests), StringComparison.Ordinal);
    }

    private static async Task CallThroughTheEnvironmentsProxyAsync(string[] args)
    {
        Environment.SetEnvironmentVariable("HTTPS_PROXY", args[0]);
        await using var services = new ServiceCollection()
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.Address = new Uri(args[1]);
                options.Tls.CaCertificatePem = args[2];
                options.Deadline = TimeSpan.FromSeconds(20);
            })
            .Services.BuildServiceProvider();
        await services.GetRequiredService<KeyValue.KeyValueClient>().PutAsync(Calls.AnyPut);
        Console.WriteLine("OK");
    }
}
