using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Grpc;

public sealed class PooledCallTests : WatchedTest
{
    private static readonly GetRequest Request = new() { Database = "db", Key = ByteString.CopyFromUtf8("key") };

    [Fact]
    public async Task UnaryCall_OverTls_Answers()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = CreateServices(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();

        await client.PutAsync(new PutRequest { Database = "db", Key = Request.Key, Value = ByteString.CopyFromUtf8("value") }, cancellationToken: TestContext.Current.CancellationToken);
        var response = await client.GetAsync(Request, cancellationToken: TestContext.Current.CancellationToken);

        Assert.Equal("value", response.Value.ToStringUtf8());
        Assert.Equal(1, server.Connections.Accepted);
    }

    [Fact]
    public async Task UnaryCalls_HeldAtTheServer_UseOneConnectionAHundred()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = CreateServices(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        server.Behavior.Hold();

        var calls = Enumerable.Range(0, 250).Select(_ => client.GetAsync(Request).ResponseAsync).ToList();
        await Eventually.EqualAsync(250, () => server.Behavior.InFlight);
        server.Behavior.Release();
        await Task.WhenAll(calls);

        Assert.Equal(3, server.Connections.Accepted);
    }

    [Fact]
    public async Task UnaryCall_ServerDown_FailsUnavailableWithTheCause()
    {
        var server = await TestServer.StartAsync();
        await using var services = CreateServices(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await server.DisposeAsync();

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await client.PutAsync(new PutRequest(), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(StatusCode.Unavailable, exception.StatusCode);
        Assert.Contains("refused", exception.Status.Detail, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task UnaryCall_DeadlinePasses_SaysWhatWasWaitedFor()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = CreateServices(server, options => options.Deadline = TimeSpan.FromSeconds(2));
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await client.PutAsync(new PutRequest(), deadline: DateTime.UtcNow.AddMinutes(1), cancellationToken: TestContext.Current.CancellationToken);
        server.Behavior.Hold();

        var exception = await Assert.ThrowsAsync<RpcException>(async () => await client.PutAsync(new PutRequest(), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Equal(StatusCode.DeadlineExceeded, exception.StatusCode);
        Log.Allow("deadline exceeded");
        Assert.Contains("(set by the client's Deadline option) while it waited for the response", exception.Status.Detail, StringComparison.Ordinal);
        server.Behavior.Release();
    }

    [Fact]
    public async Task ServerStream_ReadToTheEnd_LeavesNoOpenStream()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = CreateServices(server);
        var client = services.GetRequiredService<KeyValue.KeyValueClient>();
        await client.PutAsync(new PutRequest { Database = "db", Key = Request.Key }, cancellationToken: TestContext.Current.CancellationToken);

        using var scan = client.Scan(new ScanRequest { Database = "db" }, cancellationToken: TestContext.Current.CancellationToken);
        var pairs = 0;
        while (await scan.ResponseStream.MoveNext(TestContext.Current.CancellationToken))
        {
            pairs++;
        }

        Assert.Equal(1, pairs);
        await Eventually.EqualAsync(0, () => services.GetRequiredService<PooledClients.Connections.TransportRegistry>().InFlight);
    }

    [Fact]
    public async Task ConnectAsync_ServerWithoutHealthService_IsReady()
    {
        await using var server = await TestServer.StartAsync();
        await using var services = CreateServices(server);
        var pool = services.GetRequiredService<IGrpcChannelPool>();
        Assert.Equal(ConnectivityState.Idle, pool.GetState("KeyValue"));

        await pool.ConnectAsync("KeyValue", TestContext.Current.CancellationToken);

        Assert.Equal(ConnectivityState.Ready, pool.GetState("KeyValue"));
        Assert.Equal(1, server.Connections.Accepted);
    }

    [Fact]
    public async Task ConnectAsync_ServerDown_EndsWithTheTokenAndTheLastFailure()
    {
        var server = await TestServer.StartAsync();
        await using var services = CreateServices(server);
        await server.DisposeAsync();
        var pool = services.GetRequiredService<IGrpcChannelPool>();
        using var end = new CancellationTokenSource();
        var connecting = pool.ConnectAsync("KeyValue", end.Token);
        await Eventually.EqualAsync(ConnectivityState.TransientFailure, () => pool.GetState("KeyValue"));

        await end.CancelAsync();

        var exception = await Assert.ThrowsAsync<OperationCanceledException>(() => connecting);
        Assert.Contains("refused", exception.Message, StringComparison.OrdinalIgnoreCase);
    }

    private ServiceProvider CreateServices(TestServer server, Action<PooledGrpcClientOptions>? configure = null)
    {
        var address = server.Address;
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log).SetMinimumLevel(LogLevel.Debug));
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = address;
            options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            configure?.Invoke(options);
        });
        return services.BuildServiceProvider();
    }
}
