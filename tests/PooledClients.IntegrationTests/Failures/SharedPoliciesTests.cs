using System.Net;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections;
using PooledClients.Grpc;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>What the clients of an address share, and what is a client's own.</summary>
public sealed class SharedPoliciesTests
{
    [Fact]
    public async Task Put_SecondClientOnTheTransportHasNoBreaker_IsNeverRefused()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        server.Behavior.FailTimes = int.MaxValue;
        await using var clients = await ClientHost.StartAsync(log: null, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("broken", options => Configure(options, server.Address));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("without", options =>
            {
                Configure(options, server.Address);
                options.Resilience.Breaker.Enabled = false;
            });
        });

        Assert.Contains("The breaker of", await LastOfAsync(clients.Get<KeyValue.KeyValueClient>("broken")), StringComparison.Ordinal);
        Assert.DoesNotContain("The breaker of", await LastOfAsync(clients.Get<KeyValue.KeyValueClient>("without")), StringComparison.Ordinal);
        Assert.Single(clients.Get<TransportRegistry>().Transports);
    }

    [Fact]
    public async Task Get_BreakerOpensWhileItIsTriedAgain_SaysWhatTheServerSaidLast()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        server.Behavior.FailTimes = int.MaxValue;
        await using var clients = await ClientHost.StartAsync(log: null, server.Address, static options =>
        {
            (options.Resilience.Breaker.MinimumThroughput, options.Resilience.Breaker.FailureRatio) = (2, 0.1);
            options.Resilience.Breaker.BreakDuration = TimeSpan.FromSeconds(30);
            options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(1);
            options.Methods["Put"] = new GrpcMethodOptions { Idempotent = true };
        });

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.EndsWith("(2 attempts; the breaker has opened)", failure.Status.Detail, StringComparison.Ordinal);
        Assert.DoesNotContain("The breaker of", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Post_AddressWhoseGrpcCallsFailed_IsLeftAloneByHttpToo()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        server.Behavior.FailTimes = int.MaxValue;
        await using var clients = await ClientHost.StartAsync(log: null, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => Configure(options, server.Address));
            services.AddPooledHttpClient("http", options =>
            {
                options.BaseAddress = server.Address;
                options.Resilience.Breaker.BreakDuration = TimeSpan.FromSeconds(30);
            });
        });
        for (var i = 0; i < 25; i++)
        {
            await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        }

        using var http = clients.Get<IHttpClientFactory>().CreateClient("http");
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => http.PostAsync("/", null, TestContext.Current.CancellationToken));

        Assert.Contains("is left alone", failure.Message, StringComparison.Ordinal);
    }

    // Their requests all name localhost.
    [Fact]
    public async Task Post_SocketWhoseGrpcCallsFailed_IsLeftAloneAndAnotherIsNot()
    {
        using var folder = new TempFolder();
        await using var failing = await TestServer.StartAsync(new TestServerOptions { UnixSocket = folder.PathOf("one.sock") });
        await using var well = await TestServer.StartAsync(new TestServerOptions { UnixSocket = folder.PathOf("other.sock") });
        failing.Behavior.FailTimes = int.MaxValue;
        await using var clients = await ClientHost.StartAsync(log: null, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => Configure(options, failing.Address));
            AddHttp(services, "failing", failing.Address);
            AddHttp(services, "well", well.Address);
        });
        for (var i = 0; i < 25; i++)
        {
            await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        }

        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync("failing"));

        Assert.StartsWith($"unix:{folder.PathOf("one.sock")} is left alone", failure.Message, StringComparison.Ordinal);
        (await PostAsync("well")).Dispose();

        async Task<HttpResponseMessage> PostAsync(string name)
        {
            using var http = clients.Get<IHttpClientFactory>().CreateClient(name);
            return await http.PostAsync("/", null, TestContext.Current.CancellationToken);
        }

        static void AddHttp(IServiceCollection services, string name, Uri address) => services
            .AddPooledHttpClient(name, options =>
            {
                options.BaseAddress = address;
                options.Resilience.Breaker.BreakDuration = TimeSpan.FromSeconds(30);
            })
            .ConfigureHttpClient(static client => (client.DefaultRequestVersion, client.DefaultVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact));
    }

    // What its server has refused is sent again out of its own budget, which is none.
    [Fact]
    public async Task Put_SecondClientOnTheTransportHasNoBudget_SpendsNoneOfTheFirst()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            while (true)
            {
                await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
            }
        });
        await using var clients = await ClientHost.StartAsync(log: null, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("first", options => options.ConnectTo(server.Address));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("none", options =>
            {
                options.ConnectTo(server.Address);
                (options.Resilience.RetryBudget.Ratio, options.Resilience.RetryBudget.PerSecond) = (0, 0);
            });
        });
        await Calls.FailureOf(clients.Get<KeyValue.KeyValueClient>("first").PutAsync(Calls.AnyPut));
        var before = server.Requests.Count;

        await Calls.FailureOf(clients.Get<KeyValue.KeyValueClient>("none").PutAsync(Calls.AnyPut));

        Assert.Equal((6, 4), (before, server.Requests.Count - before));
        Assert.Single(clients.Get<TransportRegistry>().Transports);
    }

    // It says nothing of the server, to which nothing went.
    [Fact]
    public async Task Put_ProbeIsTooLarge_LeavesTheBreakerAsItIs()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        server.Behavior.FailTimes = int.MaxValue;
        await using var clients = await ClientHost.StartAsync(log: null, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                Configure(options, server.Address);
                options.Resilience.Breaker.BreakDuration = TimeSpan.FromMilliseconds(500);
                options.Resilience.Breaker.MinimumThroughput = 2;
            })
            .ConfigureChannel(static options => options.MaxSendMessageSize = 1_000));
        var breaker = clients.Get<GrpcChannelPool>().Handlers.Single().Breaker!;
        while (breaker.IsClosed)
        {
            await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        }

        await Eventually.HoldsAsync(() => breaker.State == "HalfOpen");
        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(new PutRequest { Value = Google.Protobuf.ByteString.CopyFrom(new byte[2_000]) }));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        Assert.False(breaker.IsClosed);
    }

    private static void Configure(PooledGrpcClientOptions options, Uri address)
    {
        options.ConnectTo(address);
        options.Resilience.Breaker.BreakDuration = TimeSpan.FromSeconds(30);
    }

    private static async Task<string> LastOfAsync(KeyValue.KeyValueClient client)
    {
        RpcException? last = null;
        for (var i = 0; i < 60; i++)
        {
            last = await Calls.FailureOf(client.PutAsync(Calls.AnyPut));
        }

        return last!.Status.Detail;
    }
}
