using System.Net;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Http;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Proxies;

/// <summary>That a pooled gRPC client reaches a server with TLS through a proxy that makes a tunnel to it.</summary>
public class GrpcTunnelTests : WatchedTest
{
    // The runtime asks a proxy that closes the connection four times four times over, for each of the call's five attempts.
    private const int MostTunnels = 16 * 5;

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

    [Theory]
    [InlineData("HTTP/1.1 403 No\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n")]
    [InlineData(RawHttpServer.End)]
    public async Task Call_ProxyRefuses_IsUnavailableAfterAFewAttempts(string answer)
    {
        Log.Allow("");
        await using var proxy = new RawHttpServer(_ => answer);
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.ConnectTo(new Uri("https://localhost:1"));
                options.Deadline = TimeSpan.FromSeconds(20);
            })
            .ConfigureHandler(handler => handler.Proxy = new WebProxy(proxy.Address)));

        var error = await Assert.ThrowsAsync<RpcException>(async () => await clients.KeyValue.GetAsync(Calls.AnyGet));

        Assert.Equal(StatusCode.Unavailable, error.StatusCode);
        Assert.InRange(proxy.Requests.Count, 1, MostTunnels);
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
