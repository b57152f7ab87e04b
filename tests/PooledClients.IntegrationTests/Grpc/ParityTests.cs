using System.Collections.Concurrent;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.AspNetCore.Server;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Grpc;

/// <summary>What Grpc.Net.ClientFactory can do, a pooled client can do.</summary>
public sealed class ParityTests : WatchedTest
{
    private readonly ConcurrentQueue<(string Method, DateTime? Ambient, DateTime Inbound)> _seen = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FourKindsOfCalls_Answer()
    {
        await using var server = await StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();

        await client.PutAsync(Put("1"), cancellationToken: Token);
        Assert.True(client.Get(new GetRequest { Database = "db", Key = Key("1") }, cancellationToken: Token).Found);

        using var load = client.Load(cancellationToken: Token);
        await load.RequestStream.WriteAsync(Put("2"), Token);
        await load.RequestStream.WriteAsync(Put("3"), Token);
        await load.RequestStream.CompleteAsync();
        Assert.Equal(2, (await load).Count);

        using var scan = client.Scan(new ScanRequest { Database = "db" }, cancellationToken: Token);
        Assert.Equal(3, await scan.ResponseStream.ReadAllAsync(Token).CountAsync(Token));

        using var exchange = client.Exchange(cancellationToken: Token);
        await exchange.RequestStream.WriteAsync(new ExchangeRequest { Get = new GetRequest { Database = "db", Key = Key("1") } }, Token);
        await exchange.RequestStream.CompleteAsync();
        Assert.True((await exchange.ResponseStream.ReadAllAsync(Token).SingleAsync(Token)).Get.Found);
    }

    [Fact]
    public async Task HeadersAndTrailers_ReachTheCaller_AndMetadataTheServer()
    {
        await using var server = await StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();

        using var get = client.GetAsync(new GetRequest(), new Metadata { { "mine", "x" } }, cancellationToken: Token);
        Assert.Equal("1", (await get.ResponseHeadersAsync).GetValue("probe-header"));
        await get;
        Assert.Equal("2", get.GetTrailers().GetValue("probe-trailer"));
        Assert.Equal("x", server.Requests.Last().Headers["mine"]);

        using var scan = client.Scan(new ScanRequest(), cancellationToken: Token);
        Assert.Equal("1", (await scan.ResponseHeadersAsync).GetValue("probe-header"));
        Assert.False(await scan.ResponseStream.MoveNext(Token));
        Assert.Equal("2", scan.GetTrailers().GetValue("probe-trailer"));
    }

    [Fact]
    public async Task Interceptors_OfBothScopes_RunInOrderAndLiveAsLongAsTheirScope()
    {
        await using var server = await StartAsync();
        var made = new List<string>();
        await using var services = Create(server, builder => builder
            .AddInterceptor(GrpcInterceptorScope.Client, _ => new Stamp("client", made))
            .AddInterceptor(_ => new Stamp("first", made))
            .AddInterceptor(_ => new Stamp("second", made)));
        var factory = services.GetRequiredService<IPooledGrpcClientFactory<KeyValue.KeyValueClient>>();

        await factory.CreateClient().PutAsync(Put("1"), cancellationToken: Token);
        await factory.CreateClient().PutAsync(Put("1"), cancellationToken: Token);

        Assert.Equal(["client", "client", "first", "second"], made.Order());
        Assert.All(server.Requests, request => Assert.Equal("client,first,second", request.Headers["stamp"]));
    }

    [Fact]
    public async Task Interceptor_OfBlockingCallsAlone_RunsForThem()
    {
        await using var server = await StartAsync();
        var seen = new List<string>();
        await using var services = Create(server, builder => builder.AddInterceptor(_ => new BlockingOnly(seen)));

        services.GetRequiredService<KeyValue.KeyValueClient>().Put(Put("1"), cancellationToken: Token);

        Assert.Equal(["Put"], seen);
    }

    [Fact]
    public async Task ConfigureHandler_ChangesTheChainPolicyInPlace_IsRefused()
    {
        await using var server = await StartAsync();
        await using var services = Create(server, builder => builder.ConfigureHandler(
            handler => handler.SslOptions.CertificateChainPolicy!.VerificationFlags = X509VerificationFlags.AllFlags));

        var error = Assert.Throws<InvalidOperationException>(services.GetRequiredService<KeyValue.KeyValueClient>);

        Assert.Contains("Tls:CaCertificatePath", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(GrpcInterceptorScope.Client)]
    [InlineData(GrpcInterceptorScope.Channel)]
    public async Task Interceptor_ThatIsScoped_IsRefusedWithTheReason(GrpcInterceptorScope scope)
    {
        await using var server = await StartAsync();
        await using var services = Create(server, builder =>
        {
            builder.Services.AddScoped<Passing>();
            builder.AddInterceptor<Passing>(scope);
        });

        var error = Assert.Throws<InvalidOperationException>(services.GetRequiredService<KeyValue.KeyValueClient>);
        Assert.Contains("a scoped service", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CallCredentials_AreAddedToEachCall()
    {
        await using var server = await StartAsync();
        await using var services = Create(server, builder => builder.AddCallCredentials(async (context, metadata) =>
        {
            await Task.Yield();
            metadata.Add("authorization", "Bearer " + context.MethodName);
        }));

        await services.GetRequiredService<KeyValue.KeyValueClient>().PutAsync(Put("1"), cancellationToken: Token);

        Assert.Equal("Bearer Put", server.Requests.Single().Headers["authorization"]);
    }

    [Fact]
    public async Task CallOptions_MessageHandlers_AndCompression_ReachTheWire()
    {
        await using var server = await StartAsync();
        await using var services = Create(server, builder => builder
            .ConfigureCallOptions(options => options.WithHeaders(new Metadata { { "grpc-internal-encoding-request", "gzip" } }))
            .AddHttpMessageHandler(() => new HeaderHandler("outer"))
            .AddHttpMessageHandler(() => new HeaderHandler("inner")));

        await services.GetRequiredService<KeyValue.KeyValueClient>().PutAsync(Put("1"), cancellationToken: Token);

        var headers = server.Requests.Single().Headers;
        Assert.Equal("gzip", headers["grpc-encoding"]);
        Assert.Equal("outer,inner", headers["passed"].Replace(" ", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task ChannelConfiguration_IsApplied_ButMayNotReplaceTheHandler()
    {
        await using var server = await StartAsync();
        await using var services = Create(server, builder => builder.ConfigureChannel(channel => channel.MaxReceiveMessageSize = 1));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await client.PutAsync(Put("1"), cancellationToken: Token);

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await client.GetAsync(new GetRequest { Database = "db", Key = Key("1") }, cancellationToken: Token));
        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);

        await using var other = Create(server, builder => builder.ConfigureChannel(channel => channel.HttpHandler = new HttpClientHandler()));
        Assert.Throws<InvalidOperationException>(other.GetRequiredService<KeyValue.KeyValueClient>);
    }

    [Fact]
    public async Task MessageSizeLimits_OfTheOptions_AreKeptAndNamedWithTheirKey()
    {
        await using var server = await StartAsync();
        await using var services = Create(server, configure: o => (o.MaxSendMessageSize, o.MaxReceiveMessageSize) = (200, 20));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await client.PutAsync(Put("1", size: 100), cancellationToken: Token);
        using var load = client.Load(cancellationToken: Token);
        using var scan = client.Scan(new ScanRequest { Database = "db" }, cancellationToken: Token);

        RpcException[] sent =
        [
            await Assert.ThrowsAsync<RpcException>(async () => await client.PutAsync(Put("1", size: 500), cancellationToken: Token)),
            Assert.Throws<RpcException>(() => client.Put(Put("1", size: 500), cancellationToken: Token)),
            await Assert.ThrowsAsync<RpcException>(() => load.RequestStream.WriteAsync(Put("2", size: 500), Token)),
        ];
        RpcException[] received =
        [
            await Assert.ThrowsAsync<RpcException>(async () => await client.GetAsync(new GetRequest { Database = "db", Key = Key("1") }, cancellationToken: Token)),
            await Assert.ThrowsAsync<RpcException>(() => scan.ResponseStream.MoveNext(Token)),
        ];

        Assert.All([.. sent, .. received], static failure => Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode));
        Assert.All(sent, static failure => Assert.Equal(
            "The message to send is larger than MaxSendMessageSize of client 'KeyValue' allows: 200 bytes. Raise PooledClients:Grpc:KeyValue:MaxSendMessageSize.",
            failure.Status.Detail));
        Assert.All(received, static failure => Assert.Equal(
            "The received message is larger than MaxReceiveMessageSize of client 'KeyValue' allows: 20 bytes. Raise PooledClients:Grpc:KeyValue:MaxReceiveMessageSize.",
            failure.Status.Detail));
    }

    [Fact]
    public async Task NamedClients_AndCustomCreators_AreWhatWasAsked()
    {
        await using var server = await StartAsync();
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>("one", o => Configure(o, server));
        services.AddPooledGrpcClient<Wrapper>("two", o => Configure(o, server)).ConfigureClient(invoker => new Wrapper(new KeyValue.KeyValueClient(invoker), 2));
        await using var provider = services.BuildServiceProvider();

        await provider.GetRequiredKeyedService<KeyValue.KeyValueClient>("one").PutAsync(Put("1"), cancellationToken: Token);
        var wrapper = provider.GetRequiredKeyedService<Wrapper>("two");
        await wrapper.Client.PutAsync(Put("1"), cancellationToken: Token);

        Assert.Equal(2, wrapper.Number);
        Assert.Null(provider.GetService<KeyValue.KeyValueClient>());
        Assert.Equal(1, server.Connections.Accepted);
    }

    [Fact]
    public async Task Deadline_OfTheInboundCall_IsAmbientForAllFourKinds()
    {
        await using var server = await StartAsync();
        await using var services = Create(server, configure: o => o.StreamingDeadline = TimeSpan.FromMinutes(1));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();

        await client.PutAsync(Put("1"), cancellationToken: Token);
        using var scan = client.Scan(new ScanRequest(), cancellationToken: Token);
        await scan.ResponseHeadersAsync;
        using var load = client.Load(cancellationToken: Token);
        await load.ResponseHeadersAsync;
        using var exchange = client.Exchange(cancellationToken: Token);
        await exchange.ResponseHeadersAsync;

        Assert.Equal(4, _seen.Count);
        Assert.All(_seen, call => Assert.Equal(call.Inbound, call.Ambient));
    }

    [Fact]
    public async Task Deadline_OfTheStub_BoundsItsCalls()
    {
        await using var server = await StartAsync();
        await using var services = Create(server);
        var factory = services.GetRequiredService<IPooledGrpcClientFactory<KeyValue.KeyValueClient>>();
        await factory.CreateClient().PutAsync(Put("1"), cancellationToken: Token);
        server.Behavior.Hold();

        var failure = await Assert.ThrowsAsync<RpcException>(
            async () => await factory.CreateClient(TimeSpan.FromMilliseconds(300)).PutAsync(Put("1"), cancellationToken: Token));

        Log.Allow("deadline exceeded");
        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
    }

    [Fact]
    public async Task Cancellation_OfTheCaller_ReachesTheServer()
    {
        await using var server = await StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.Hold();
        using var cancel = new CancellationTokenSource();

        var call = client.PutAsync(Put("1"), cancellationToken: cancel.Token);
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);
        await cancel.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
        await Eventually.EqualAsync(0, () => server.Behavior.InFlight);
    }

    private static ByteString Key(string key) => ByteString.CopyFromUtf8(key);

    private static PutRequest Put(string key, int size = 1) =>
        new() { Database = "db", Key = Key(key), Value = ByteString.CopyFrom(new byte[size]) };

    private static void Configure(PooledGrpcClientOptions options, TestServer server)
    {
        options.Address = server.Address;
        options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
    }

    private Task<TestServer> StartAsync() => TestServer.StartAsync(new TestServerOptions
    {
        Services = services =>
        {
            services.AddSingleton(_seen);
            services.Configure<GrpcServiceOptions>(o =>
            {
                o.Interceptors.Add<CallDeadlineInterceptor>();
                o.Interceptors.Add<ServerProbe>();
            });
        },
    });

    private ServiceProvider Create(
        TestServer server, Action<IPooledGrpcClientBuilder>? build = null, Action<PooledGrpcClientOptions>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log).SetMinimumLevel(LogLevel.Debug));
        var builder = services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            Configure(options, server);
            configure?.Invoke(options);
        });
        build?.Invoke(builder);
        return services.BuildServiceProvider();
    }

    private sealed record Wrapper(KeyValue.KeyValueClient Client, int Number);

    private sealed class Passing : Interceptor;

    private sealed class Stamp : Interceptor
    {
        private readonly string _name;

        public Stamp(string name, List<string> made)
        {
            _name = name;
            made.Add(name);
        }

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            var before = context.Options.Headers?.GetValue("stamp");
            var headers = new Metadata { { "stamp", before is null ? _name : $"{before},{_name}" } };
            return continuation(request, new ClientInterceptorContext<TRequest, TResponse>(context.Method, context.Host, context.Options.WithHeaders(headers)));
        }
    }

    private sealed class HeaderHandler(string name) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.Headers.TryAddWithoutValidation("passed", name);
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class BlockingOnly(List<string> seen) : Interceptor
    {
        public override TResponse BlockingUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, BlockingUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            seen.Add(context.Method.Name);
            return continuation(request, context);
        }
    }
}
