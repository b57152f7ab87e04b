using System.Diagnostics;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.ServiceConfigs;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Grpc;

/// <summary>Retries, budget and breaker against a real server, counted there.</summary>
public sealed class RetryTests : WatchedTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task IdempotentCall_ServerUnavailableForAWhile_SucceedsAndTellsItsAttempts()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.FailTimes = 3;

        await client.GetAsync(new GetRequest(), cancellationToken: Token);

        Assert.Equal(4, server.Behavior.Processed("Get"));
        Assert.Equal(
            ["", "1", "2", "3"],
            server.Requests.Select(request => request.Headers.GetValueOrDefault("grpc-previous-rpc-attempts", "")));
        var timeouts = server.Requests.Select(TimeoutOf).ToArray();
        Assert.Equal(4, timeouts.Distinct().Count());
        Assert.Equal(timeouts.OrderDescending(), timeouts);
    }

    [Fact]
    public async Task Deadline_OfAFurtherAttempt_IsTheCalls()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.SendRefusalAsync((await connection.ReceiveCompleteAsync()).StreamId, "14");
            await connection.Ended;
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, static options => options.Resilience.Retry.Delay = options.Resilience.Retry.MaxDelay = TimeSpan.FromSeconds(0.8));

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(2), cancellationToken: Token));

        Assert.Equal((StatusCode.DeadlineExceeded, 2), (failure.StatusCode, server.Requests.Count));
        Assert.Matches(@"its deadline of (2|1\.[789]\d*) s", failure.Status.Detail);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Attempts_OfATracedCall_AreSpansOfTheirOwn(bool hasCaller)
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "System.Net.Http",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.FailTimes = 1;
        using var caller = hasCaller ? new Activity("caller").Start() : null;

        await client.GetAsync(new GetRequest(), cancellationToken: Token);

        var parents = server.Requests.Select(request => request.Headers["traceparent"]).ToArray();
        Assert.Equal(2, parents.Distinct().Count());
        Assert.All(parents, parent => Assert.Contains(caller?.TraceId.ToHexString() ?? "-", parent, StringComparison.Ordinal));
    }

    [Fact]
    public async Task Attempts_OfACallThatNamesItsParent_KeepIt()
    {
        const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.FailTimes = 1;

        await client.GetAsync(new GetRequest(), new Metadata { { "traceparent", Parent } }, cancellationToken: Token);

        Assert.Equal([Parent, Parent], server.Requests.Select(request => request.Headers["traceparent"]));
    }

    [Fact]
    public async Task Attempts_WithCredentialsOnTheChannel_AreMade()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server, build: builder => builder.ConfigureChannel(options =>
            options.Credentials = ChannelCredentials.Create(ChannelCredentials.SecureSsl, CallCredentials.FromInterceptor(async (_, metadata) =>
            {
                await Task.Yield();
                metadata.Add("token", "secret");
            }))));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.FailTimes = 1;

        await client.GetAsync(new GetRequest(), cancellationToken: Token);

        Assert.Equal(["secret", "secret"], server.Requests.Select(request => request.Headers["token"]));
    }

    [Fact]
    public async Task Attempts_WithAnInterceptorThatWaits_AreMadeBelowIt()
    {
        await using var server = await TestServer.StartAsync();
        var interceptor = new WaitingInterceptor();
        await using var services = Create(server, build: builder => builder.AddInterceptor(GrpcInterceptorScope.Client, _ => interceptor));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.FailTimes = 2;

        await client.GetAsync(new GetRequest(), cancellationToken: Token);

        Assert.Equal(3, server.Behavior.Processed("Get"));
        Assert.Equal(1, interceptor.Calls);
    }

    [Fact]
    public async Task ServerStream_ServerUnavailableForAWhile_Succeeds()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.FailTimes = 2;

        using var scan = client.Scan(new ScanRequest(), cancellationToken: Token);
        Assert.False(await scan.ResponseStream.MoveNext(Token));

        Assert.Equal(3, server.Behavior.Processed("Scan"));
    }

    [Fact]
    public async Task OtherCalls_ServerUnavailable_AreProcessedOnce()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.FailTimes = 2;

        await Assert.ThrowsAsync<RpcException>(async () => await client.PutAsync(new PutRequest(), cancellationToken: Token));
        await Assert.ThrowsAsync<RpcException>(async () => await client.Load(cancellationToken: Token));

        Assert.Equal(2, server.Behavior.TotalProcessed);
    }

    [Fact]
    public async Task DeadServer_AllClientsOfTheAddress_ShareOneBudget()
    {
        const int calls = 100;
        await using var server = await TestServer.StartAsync();
        var services = new ServiceCollection();
        foreach (var name in (string[])["one", "two"])
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(name, o =>
            {
                o.Address = server.Address;
                o.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
                o.Resilience.Breaker.Enabled = false;
                o.Resilience.RetryBudget.PerSecond = 0;
                o.Resilience.Retry.Delay = o.Resilience.Retry.MaxDelay = TimeSpan.FromMilliseconds(1);
            });
        }

        await using var provider = services.BuildServiceProvider();
        server.Behavior.FailTimes = int.MaxValue;

        var failures = await Task.WhenAll(Enumerable.Range(0, calls).Select(async i =>
        {
            var client = provider.GetRequiredKeyedService<KeyValue.KeyValueClient>(i % 2 == 0 ? "one" : "two");
            return await Assert.ThrowsAsync<RpcException>(async () => await client.GetAsync(new GetRequest(), cancellationToken: Token));
        }));

        Assert.InRange(server.Behavior.TotalProcessed, calls, (int)(calls * 1.2));
        Assert.Contains(failures, failure => failure.Status.Detail.Contains("retry budget", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Breaker_ServerUnavailable_RefusesCallsOfEveryMethod()
    {
        Log.Allow("breaker");
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server, o => (o.Resilience.Retry.MaxAttempts, o.Resilience.Breaker.BreakDuration) = (1, TimeSpan.FromHours(1)));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await FailAsync(server, client, times: 20);

        var refused = await Assert.ThrowsAsync<RpcException>(async () => await client.PutAsync(new PutRequest(), cancellationToken: Token));

        Assert.Equal(StatusCode.Unavailable, refused.StatusCode);
        Assert.Contains("is open until", refused.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(20, server.Behavior.TotalProcessed);
    }

    [Fact]
    public async Task Breaker_ServerIsBack_ClosesAfterAProbe()
    {
        Log.Allow("breaker");
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server, o => o.Resilience.Retry.MaxAttempts = 1);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await FailAsync(server, client, times: 20);

        await Eventually.HoldsAsync(() =>
        {
            try
            {
                client.Put(new PutRequest(), cancellationToken: Token);
                return true;
            }
            catch (RpcException)
            {
                return false;
            }
        });
        await client.GetAsync(new GetRequest(), cancellationToken: Token);
    }

    [Fact]
    public async Task Breaker_ProbeOfACallThatMayBeRetried_IsItsFirstAttempt()
    {
        Log.Allow("breaker");
        await using var server = await TestServer.StartAsync();
        await using var services = Create(server, o => o.ServiceConfig = """
            {"methodConfig": [{"name": [{"service": "rocksdb.v1.KeyValue", "method": "Get"}], "retryPolicy":
              {"maxAttempts": 2, "initialBackoff": "0.01s", "maxBackoff": "0.01s", "backoffMultiplier": 1, "retryableStatusCodes": ["RESOURCE_EXHAUSTED"]}}]}
            """);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await FailAsync(server, client, times: 20);
        server.Behavior.FailWith = new Status(StatusCode.ResourceExhausted, "busy");
        server.Behavior.FailTimes = 1;

        // Refused while the breaker is open; then its probe is answered, which closes the breaker, and its second attempt is served.
        await Eventually.HoldsAsync(() =>
        {
            try
            {
                client.Get(new GetRequest(), cancellationToken: Token);
                return true;
            }
            catch (RpcException failure) when (failure.StatusCode == StatusCode.Unavailable)
            {
                return false;
            }
        });

        Assert.Equal(22, server.Behavior.Processed("Get"));
    }

    private static async Task FailAsync(TestServer server, KeyValue.KeyValueClient client, int times)
    {
        server.Behavior.FailTimes = times;
        for (var i = 0; i < times; i++)
        {
            await Assert.ThrowsAsync<RpcException>(async () => await client.GetAsync(new GetRequest(), cancellationToken: Token));
        }
    }

    private static TimeSpan TimeoutOf(RecordedRequest request)
    {
        using var message = new HttpRequestMessage();
        message.Headers.TryAddWithoutValidation("grpc-timeout", request.Headers["grpc-timeout"]);
        return GrpcTimeoutHeader.Read(message)!.Value;
    }

    private ServiceProvider Create(
        TestServer server, Action<PooledGrpcClientOptions>? configure = null, Action<IPooledGrpcClientBuilder>? build = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log).SetMinimumLevel(LogLevel.Debug));
        var builder = services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = server.Address;
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            configure?.Invoke(options);
        });
        build?.Invoke(builder);
        return services.BuildServiceProvider();
    }

    /// <summary>Goes on with each call later, on another thread.</summary>
    private sealed class WaitingInterceptor : Interceptor
    {
        private int _calls;

        public int Calls => Volatile.Read(ref _calls);

        public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
            TRequest request, ClientInterceptorContext<TRequest, TResponse> context, AsyncUnaryCallContinuation<TRequest, TResponse> continuation)
        {
            Interlocked.Increment(ref _calls);
            var call = Task.Run(() => continuation(request, context));
            return new AsyncUnaryCall<TResponse>(
                ResponseAsync(),
                Task.FromResult(new Metadata()),
                () => call.Result.GetStatus(),
                () => call.Result.GetTrailers(),
                () => call.Result.Dispose());

            async Task<TResponse> ResponseAsync() => await (await call).ResponseAsync;
        }
    }
}
