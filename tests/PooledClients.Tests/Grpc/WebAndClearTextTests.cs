using System.Net;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Web;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc;

/// <summary>What goes otherwise than gRPC over HTTP/2 and TLS: gRPC-Web, credentials on clear text, calls outside of an inbound one.</summary>
public sealed class WebAndClearTextTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task GrpcWeb_OverHttp11_WorksOverAPooledHttpClient()
    {
        await using var server = await StartWebServerAsync(HttpProtocols.Http1);
        await using var services = new ServiceCollection().AddPooledHttpClient("web").AddHttpMessageHandler(() => new GrpcWebHandler()).Services.BuildServiceProvider();
        using var channel = GrpcChannel.ForAddress(server.Address, new GrpcChannelOptions
        {
            HttpClient = services.GetRequiredService<IHttpClientFactory>().CreateClient("web"),
            HttpVersion = HttpVersion.Version11,
        });

        await CallAsync(new KeyValue.KeyValueClient(channel));
    }

    [Fact]
    public async Task GrpcWeb_OverHttp2_WorksWithAMessageHandler()
    {
        await using var server = await StartWebServerAsync(HttpProtocols.Http2);
        await using var services = new ServiceCollection().AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = server.Address)
            .AddHttpMessageHandler(() => new GrpcWebHandler()).Services.BuildServiceProvider();

        await CallAsync(services.GetRequiredService<KeyValue.KeyValueClient>());
        Assert.All(server.Requests, static request => Assert.StartsWith("application/grpc-web", request.Headers["content-type"], StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GrpcWeb_OverHttp11WithAPooledGrpcClient_IsRefusedWithTheWayOut(bool isOfHandler)
    {
        var builder = new ServiceCollection().AddPooledGrpcClient<KeyValue.KeyValueClient>(static options => options.Address = new Uri("http://host"));
#pragma warning disable CS0618 // Obsolete there, and in use all the same.
        _ = isOfHandler
            ? builder.AddHttpMessageHandler(() => new GrpcWebHandler { HttpVersion = HttpVersion.Version11 })
            : builder.AddHttpMessageHandler(() => new GrpcWebHandler()).ConfigureChannel(static channel => channel.HttpVersion = HttpVersion.Version11);
#pragma warning restore CS0618
        await using var services = builder.Services.BuildServiceProvider();

        var failure = Assert.Throws<InvalidOperationException>(services.GetRequiredService<KeyValue.KeyValueClient>);

        Assert.Contains("AddPooledHttpClient(name).AddHttpMessageHandler(() => new GrpcWebHandler())", failure.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task GrpcWeb_OverHttp11ByAPrimaryHandler_WorksAsOnAPlainClient(bool isOfHandler)
    {
        await using var server = await StartWebServerAsync(HttpProtocols.Http1);
        var services = new ServiceCollection();
        var plain = services.AddGrpcClient<KeyValue.KeyValueClient>("plain", options => options.Address = server.Address);
        var pooled = services.AddPooledGrpcClient<KeyValue.KeyValueClient>("pooled", options => options.Address = server.Address);
        if (isOfHandler)
        {
#pragma warning disable CS0618 // Obsolete there, and in use all the same.
            plain.AddHttpMessageHandler(static () => new GrpcWebHandler { HttpVersion = HttpVersion.Version11 });
            pooled.AddHttpMessageHandler(static () => new GrpcWebHandler { HttpVersion = HttpVersion.Version11 }).ConfigurePrimaryHttpMessageHandler(static () => new HttpClientHandler());
#pragma warning restore CS0618
        }
        else
        {
            plain.ConfigurePrimaryHttpMessageHandler(static () => new GrpcWebHandler(new HttpClientHandler())).ConfigureChannel(static channel => channel.HttpVersion = HttpVersion.Version11);
            pooled.ConfigurePrimaryHttpMessageHandler(static () => new GrpcWebHandler(new HttpClientHandler())).ConfigureChannel(static channel => channel.HttpVersion = HttpVersion.Version11);
        }

        await using var provider = services.BuildServiceProvider();

        await CallAsync(provider.GetRequiredService<global::Grpc.Net.ClientFactory.GrpcClientFactory>().CreateClient<KeyValue.KeyValueClient>("plain"));
        await CallAsync(provider.GetRequiredKeyedService<KeyValue.KeyValueClient>("pooled"));
    }

    [Fact]
    public async Task CallCredentials_OnClearTextThatIsMeant_Arrive()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var services = new ServiceCollection().AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = server.Address)
            .AddCallCredentials(static (_, metadata) =>
            {
                metadata.Add("authorization", "Bearer mesh");
                return Task.CompletedTask;
            })
            .ConfigureChannel(static channel => channel.UnsafeUseInsecureChannelCallCredentials = true).Services.BuildServiceProvider();

        await services.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), cancellationToken: Token);

        Assert.Equal("Bearer mesh", server.Requests.Single().Headers["authorization"]);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Call_OutsideOfAnInboundOne_IsNoErrorWhateverIsSuppressed(bool isSuppressed)
    {
        using var handler = new MemoryServer(MemoryServer.Ok(new GetResponse()));
        var services = new ServiceCollection();
        services.AddGrpc(static options => options.Interceptors.Add<CallDeadlineInterceptor>());
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>().ConfigurePrimaryHttpMessageHandler(() => handler);
        services.AddGrpcClient<KeyValue.KeyValueClient>("plain", static options => options.Address = new Uri("https://memory"))
            .ConfigurePrimaryHttpMessageHandler(() => handler)
            .EnableCallContextPropagation(options => options.SuppressContextNotFoundErrors = isSuppressed);
        await using var provider = services.BuildServiceProvider();
        var plain = provider.GetRequiredService<global::Grpc.Net.ClientFactory.GrpcClientFactory>().CreateClient<KeyValue.KeyValueClient>("plain");

        var failure = await Record.ExceptionAsync(async () => await plain.GetAsync(new GetRequest(), cancellationToken: Token));
        await provider.GetServices<KeyValue.KeyValueClient>().First().GetAsync(new GetRequest(), cancellationToken: Token);

        Assert.Equal(isSuppressed, failure is null);
    }

    private static Task<TestServer> StartWebServerAsync(HttpProtocols protocols) => TestServer.StartAsync(new TestServerOptions
    {
        Tls = false,
        Protocols = protocols,
        Map = static app => app.UseGrpcWeb(new GrpcWebOptions { DefaultEnabled = true }),
    });

    private static async Task CallAsync(KeyValue.KeyValueClient client)
    {
        Assert.False((await client.GetAsync(new GetRequest { Database = "none" }, cancellationToken: Token)).Found);
        using var scan = client.Scan(new ScanRequest(), cancellationToken: Token);
        Assert.Equal(0, await scan.ResponseStream.ReadAllAsync(Token).CountAsync(Token));
    }
}
