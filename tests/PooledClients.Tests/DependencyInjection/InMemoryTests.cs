using Google.Protobuf;
using Grpc.Core;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Options;
using PooledClients.Testing;
using RocksDb.V1;

namespace PooledClients.Tests.DependencyInjection;

/// <summary>An application with pooled clients is tested without addresses, certificates and a network.</summary>
public sealed class InMemoryTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task PrimaryHandler_OfATestServer_AnswersAllFourKindsOfCalls()
    {
        await using var server = await StartServerAsync();
        using var host = await StartAsync(services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>()
            .ConfigurePrimaryHttpMessageHandler(() => server.GetTestServer().CreateHandler())
            .AddCallCredentials((_, metadata) =>
            {
                metadata.Add("authorization", "Bearer me");
                return Task.CompletedTask;
            }));
        var client = host.Services.GetRequiredService<KeyValue.KeyValueClient>();

        Assert.Equal("Bearer me", (await client.GetAsync(new GetRequest(), cancellationToken: Token)).Value.ToStringUtf8());
        using var scan = client.Scan(new ScanRequest(), cancellationToken: Token);
        Assert.Equal(2, await scan.ResponseStream.ReadAllAsync(Token).CountAsync(Token));
        using var load = client.Load(cancellationToken: Token);
        await load.RequestStream.WriteAsync(new PutRequest(), Token);
        await load.RequestStream.CompleteAsync();
        Assert.Equal(1, (await load).Count);
        using var exchange = client.Exchange(cancellationToken: Token);
        await exchange.RequestStream.WriteAsync(new ExchangeRequest(), Token);
        await exchange.RequestStream.CompleteAsync();
        Assert.Equal(1, await exchange.ResponseStream.ReadAllAsync(Token).CountAsync(Token));
        Assert.Contains(host.Services.GetFakeLogCollector().GetSnapshot(), static record => record.Id.Id == 490 && record.Level == LogLevel.Information);
        await host.Services.GetRequiredService<IGrpcChannelPool>().ConnectAsync("KeyValue", Token);
        Assert.NotNull(host.Services.GetRequiredService<IPooledClientsDiagnostics>().Capture());
        await host.StopAsync(Token);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task UsePooledClientsInMemory_BadAddressesAndFiles_AllClientsReachTheServer(bool isBefore)
    {
        await using var server = await StartServerAsync();
        using var host = await StartAsync(services =>
        {
            if (isBefore)
            {
                services.UsePooledClientsInMemory(server.GetTestServer().CreateHandler());
            }

            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Unreachable);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("named", Unreachable).AddEndpointResolver(static _ => throw new NotSupportedException("asked for endpoints"));
            services.AddPooledHttpClient("uploads", options => options.Tls.ClientCertificatePath = "/no/such/file.pem");
            services.AddHttpClient("plain").ConfigurePrimaryHttpMessageHandler(() => new Refusing());
            if (!isBefore)
            {
                services.UsePooledClientsInMemory(server.GetTestServer().CreateHandler());
            }
        });

        Assert.True((await host.Services.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), cancellationToken: Token)).Found);
        Assert.True((await host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>("named").GetAsync(new GetRequest(), cancellationToken: Token)).Found);
        var factory = host.Services.GetRequiredService<IHttpClientFactory>();
        foreach (var _ in new[] { 1, 2 })
        {
            using var client = factory.CreateClient("uploads");
            Assert.Equal("here", await client.GetStringAsync("files", Token));
        }

        using var plain = factory.CreateClient("plain");
        await Assert.ThrowsAsync<NotSupportedException>(() => plain.GetStringAsync(new Uri("http://plain/"), Token));
        await host.StopAsync(Token);
    }

    [Theory]
    [InlineData("https://catalog:444", "https://catalog:444/")]
    [InlineData("http://catalog", "http://catalog/")]
    [InlineData("https+http://catalog", "https://catalog/")]
    [InlineData("https+http://_grpc.catalog", "https://catalog/")]
    [InlineData("dns:///catalog:80", "https://catalog:80/")]
    [InlineData("consul://catalog", "https://catalog/")]
    [InlineData("unix:/run/catalog.sock", "https://localhost/")]
    [InlineData("catalog", "https://localhost/")]
    [InlineData(null, "https://localhost/")]
    public async Task UsePooledClientsInMemory_AddressesOfAnyKind_TheHandlerSeesEachClientsOwn(string? address, string seen)
    {
        using var handler = new Seeing();
        using var host = await StartAsync(services =>
        {
            var uri = address is null ? null : new Uri(address, UriKind.RelativeOrAbsolute);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = uri);
            services.AddPooledHttpClient("uploads", options =>
            {
                options.BaseAddress = uri;
                options.Endpoints.Addresses.Add("10.0.0.1:80");
            });
            services.UsePooledClientsInMemory(handler);
        });
        using var uploads = host.Services.GetRequiredService<IHttpClientFactory>().CreateClient("uploads");

        await uploads.GetStringAsync("files", Token);
        await Assert.ThrowsAsync<RpcException>(async () => await host.Services.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), cancellationToken: Token));
        await host.StopAsync(Token);

        Assert.Equal([seen + "files", seen + "rocksdb.v1.KeyValue/Get"], handler.Addresses);
    }

    [Theory]
    [InlineData(false, true)]
    [InlineData(false, false)]
    [InlineData(true, true)]
    [InlineData(true, false)]
    public async Task UsePooledClientsInMemory_ServiceDiscoveryForAllClients_NobodyIsAskedWhereAServiceIs(bool isScoped, bool isBefore)
    {
        using var handler = new Seeing();
        using var host = await StartAsync(services =>
        {
            if (isBefore)
            {
                services.UsePooledClientsInMemory(handler);
            }

            services.AddServiceDiscovery();
            services.ConfigureHttpClientDefaults(static client => client.AddServiceDiscovery());
            var builder = services.AddPooledHttpClient("uploads", static options => options.BaseAddress = new Uri("https+http://catalog"));
            _ = isScoped ? builder.AsScoped() : builder;
            if (!isBefore)
            {
                services.UsePooledClientsInMemory(handler);
            }
        }, new() { ["Services:catalog:https:0"] = "https://localhost:7001" });
        await using var scope = host.Services.CreateAsyncScope();

        await scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("uploads").GetStringAsync(new Uri("files", UriKind.Relative), Token);

        Assert.Equal(["https://catalog/files"], handler.Addresses);
        await host.StopAsync(Token);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(null, false)]
    [InlineData("named", true)]
    [InlineData("named", false)]
    public async Task ReplacePooledGrpcClient_TypeInferredAsTheFakesOwn_FailsTheStartAndSaysWhichToName(string? name, bool isBefore)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services =>
        {
            if (isBefore)
            {
                Replace(services);
            }

            _ = name is null ? services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Address) : services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, Address);
            if (!isBefore)
            {
                Replace(services);
            }
        }));

        var only = Assert.Single(failure.Failures);
        Assert.Contains("type InMemoryTests.FakeClient", only, StringComparison.Ordinal);
        Assert.EndsWith($"ReplacePooledGrpcClient<KeyValue.KeyValueClient>({(name is null ? "" : "\"named\", ")}fake).", only, StringComparison.Ordinal);

        void Replace(IServiceCollection services) => _ = name is null ? services.ReplacePooledGrpcClient(new FakeClient()) : services.ReplacePooledGrpcClient(name, new FakeClient());
    }

    [Theory]
    [InlineData("nmaed", "by the name 'nmaed', so the fake replaces none; the clients are KeyValue.KeyValueClient 'named'.")]
    [InlineData(null, "without a name, so the fake replaces none; the clients are KeyValue.KeyValueClient 'named'.")]
    public async Task ReplacePooledGrpcClient_NameThatNoClientHas_FailsTheStartAndSaysWhichThereAre(string? name, string expected)
    {
        var failure = await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("named", Address);
            _ = name is null ? services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(new FakeClient()) : services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(name, new FakeClient());
        }));

        Assert.Contains(expected, Assert.Single(failure.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public async Task ReplacePooledGrpcClient_NoClientAtAll_FailsTheStart()
        => await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(static services => services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(new FakeClient())));

    [Fact]
    public async Task UsePooledClientsInMemory_ServerThatIsSlow_DeadlineStillHolds()
    {
        using var handler = new Hanging();
        using var host = await StartAsync(services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Deadline = TimeSpan.FromMilliseconds(50));
            services.UsePooledClientsInMemory(handler);
        });

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await host.Services.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(new GetRequest(), cancellationToken: Token));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        await host.StopAsync(Token);
    }

    [Theory]
    [InlineData(null, true)]
    [InlineData(null, false)]
    [InlineData("named", true)]
    [InlineData("named", false)]
    public async Task ReplacePooledGrpcClient_NothingConfigured_StartsAndGivesTheFake(string? name, bool isBefore)
    {
        var fake = new FakeClient();
        using var host = await StartAsync(services =>
        {
            if (isBefore)
            {
                Replace(services);
            }

            _ = name is null ? services.AddPooledGrpcClient<KeyValue.KeyValueClient>(Unreachable) : services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, Unreachable);
            services.Configure<PooledGrpcClientOptions>(name ?? "KeyValue", options => (options.Deadline, options.WarmUp) = (TimeSpan.Zero, true));
            if (!isBefore)
            {
                Replace(services);
            }
        });
        var stub = name is null ? host.Services.GetRequiredService<KeyValue.KeyValueClient>() : host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>(name);
        var factory = name is null
            ? host.Services.GetRequiredService<IPooledGrpcClientFactory<KeyValue.KeyValueClient>>()
            : host.Services.GetRequiredKeyedService<IPooledGrpcClientFactory<KeyValue.KeyValueClient>>(name);

        Assert.Same(fake, stub);
        Assert.Same(fake, factory.CreateClient(TimeSpan.FromSeconds(3)));
        Assert.Equal([TimeSpan.FromSeconds(3)], Assert.IsType<InMemoryPooledGrpcClientFactory<KeyValue.KeyValueClient>>(factory).Deadlines);
        Assert.True((await stub.GetAsync(new GetRequest(), cancellationToken: Token)).Found);
        await host.StopAsync(Token);

        void Replace(IServiceCollection services)
            => _ = name is null ? services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(fake) : services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(name, fake);
    }

    [Fact]
    public async Task ReplacePooledGrpcClient_OfAScopedClient_EachScopeGetsTheFake()
    {
        var fake = new FakeClient();
        using var host = await StartAsync(services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>().AsScoped();
            services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(fake);
        });
        await using var scope = host.Services.CreateAsyncScope();

        Assert.Same(fake, scope.ServiceProvider.GetRequiredService<KeyValue.KeyValueClient>());
        Assert.Throws<InvalidOperationException>(() => host.Services.GetRequiredService<IGrpcChannelPool>().GetChannel("KeyValue"));
        await host.StopAsync(Token);
    }

    [Fact]
    public async Task Start_OneClientReplaced_TheOtherIsStillValidated()
        => await Assert.ThrowsAsync<OptionsValidationException>(() => StartAsync(services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>();
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("named");
            services.ReplacePooledGrpcClient<KeyValue.KeyValueClient>(new FakeClient());
        }));

    [Fact]
    public async Task Stop_AfterTheServicesAreDisposed_IsNoError()
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Services.AddPooledGrpcClient<KeyValue.KeyValueClient>().ConfigurePrimaryHttpMessageHandler(() => new Refusing());
        var host = builder.Build();
        await host.StartAsync(Token);
        var lifetime = host.Services.GetServices<IHostedService>().OfType<IHostedLifecycleService>().Single();
        await host.StopAsync(Token);
        host.Dispose();

        await lifetime.StoppedAsync(Token);
    }

    private static void Unreachable(PooledGrpcClientOptions options) => options.Tls.CaCertificatePath = "/no/such/file.pem";

    private static void Address(PooledGrpcClientOptions options) => options.Address = new Uri("https://host");

    private static async Task<IHost> StartAsync(Action<IServiceCollection> configure, Dictionary<string, string?>? settings = null)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddInMemoryCollection(settings ?? []);
        builder.Logging.AddFakeLogging();
        configure(builder.Services);
        var host = builder.Build();
        await host.StartAsync(Token);
        return host;
    }

    private static async Task<WebApplication> StartServerAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseTestServer();
        builder.Services.AddGrpc();
        var app = builder.Build();
        app.MapGrpcService<Service>();
        app.MapGet("/files", () => "here");
        await app.StartAsync(Token);
        return app;
    }

    private sealed class Service : KeyValue.KeyValueBase
    {
        public override Task<GetResponse> Get(GetRequest request, ServerCallContext context) => Task.FromResult(new GetResponse
        {
            Found = true,
            Value = ByteString.CopyFromUtf8(context.RequestHeaders.GetValue("authorization") ?? ""),
        });

        public override async Task Scan(ScanRequest request, IServerStreamWriter<Pair> responseStream, ServerCallContext context)
        {
            await responseStream.WriteAsync(new Pair());
            await responseStream.WriteAsync(new Pair());
        }

        public override async Task<LoadResponse> Load(IAsyncStreamReader<PutRequest> requestStream, ServerCallContext context)
            => new() { Count = await requestStream.ReadAllAsync().CountAsync() };

        public override async Task Exchange(IAsyncStreamReader<ExchangeRequest> requestStream, IServerStreamWriter<ExchangeResponse> responseStream, ServerCallContext context)
        {
            await foreach (var _ in requestStream.ReadAllAsync())
            {
                await responseStream.WriteAsync(new ExchangeResponse());
            }
        }
    }

    private sealed class FakeClient : KeyValue.KeyValueClient
    {
        public override AsyncUnaryCall<GetResponse> GetAsync(GetRequest request, Metadata? headers = null, DateTime? deadline = null, CancellationToken cancellationToken = default)
            => new(Task.FromResult(new GetResponse { Found = true }), Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { });
    }

    private sealed class Refusing : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new NotSupportedException();
    }

    private sealed class Seeing : HttpMessageHandler
    {
        public List<string> Addresses { get; } = [];

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Addresses.Add(request.RequestUri!.AbsoluteUri);
            return Task.FromResult(new HttpResponseMessage { Content = new StringContent("here"), RequestMessage = request });
        }
    }

    private sealed class Hanging : HttpMessageHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new InvalidOperationException();
        }
    }
}
