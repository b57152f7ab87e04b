using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using RocksDb.V1;
using MethodConfig = Grpc.Net.Client.Configuration.MethodConfig;
using ServiceConfig = Grpc.Net.Client.Configuration.ServiceConfig;

namespace PooledClients.Tests.Grpc;

/// <summary>What the hot paths allocate: exact, for a number in memory is always the same.</summary>
public sealed class HotPathAllocationTests
{
    private const int Times = 200;

    [Fact]
    public void GetRequiredService_OfAStub_AllocatesNothing()
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("http://localhost:1"));
        using var provider = services.BuildServiceProvider();

        Assert.Equal(0, BytesOf(() => provider.GetRequiredService<KeyValue.KeyValueClient>()));
    }

    [Fact]
    public void GetRequiredService_OfAStubFromAScope_AllocatesNothing()
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri("http://localhost:1"));
        using var provider = services.BuildServiceProvider();
        using var scope = provider.CreateScope();

        Assert.Equal(0, BytesOf(() => scope.ServiceProvider.GetRequiredService<KeyValue.KeyValueClient>()));
    }

    [Fact]
    public void AsyncUnaryCall_WithTheDefaultDeadline_AllocatesAsAPlainChannelWithADeadline()
    {
        using var server = new InstantServer();
        using var plain = GrpcChannel.ForAddress("http://memory", new GrpcChannelOptions { HttpHandler = server });
        using var pooled = new PipelineFixture(server);
        var client = new KeyValue.KeyValueClient(plain);
        var request = new PutRequest();

        var plainBytes = BytesOfCall(() => client.PutAsync(request, deadline: DateTime.UtcNow.AddSeconds(30)).ResponseAsync);
        var pooledBytes = BytesOfCall(() => pooled.Client.PutAsync(request).ResponseAsync);

        // The plain channel's balancer costs hundreds of bytes more as soon as an answer is not there at once.
        Assert.True(pooledBytes <= plainBytes + 64, $"{pooledBytes} B a call, beside {plainBytes} B of a plain channel with a deadline.");
    }

    [Fact]
    public void AsyncUnaryCall_ThatMayBeRetried_AllocatesNoMoreThanAPlainChannelThatMayRetry()
    {
        var retries = new ServiceConfig
        {
            MethodConfigs =
            {
                new MethodConfig
                {
                    Names = { MethodName.Default },
                    RetryPolicy = new RetryPolicy
                    {
                        MaxAttempts = 3,
                        InitialBackoff = TimeSpan.FromMilliseconds(50),
                        MaxBackoff = TimeSpan.FromSeconds(1),
                        BackoffMultiplier = 2,
                        RetryableStatusCodes = { StatusCode.Unavailable },
                    },
                },
            },
        };
        using var server = new InstantServer();
        using var plain = GrpcChannel.ForAddress("http://memory", new GrpcChannelOptions { HttpHandler = server, ServiceConfig = retries });
        using var pooled = new PipelineFixture(server);
        var client = new KeyValue.KeyValueClient(plain);
        var request = new GetRequest();

        var plainBytes = BytesOfCall(() => client.GetAsync(request, deadline: DateTime.UtcNow.AddSeconds(30)).ResponseAsync);
        var pooledBytes = BytesOfCall(() => pooled.Client.GetAsync(request).ResponseAsync);

        Assert.True(pooledBytes <= plainBytes, $"{pooledBytes} B a call, beside {plainBytes} B of a plain channel that may retry.");
    }

    [Fact]
    public async Task AsyncUnaryCall_ThatWaitsForReady_MarksItsRequest()
    {
        using var server = new InstantServer();
        using var pooled = new PipelineFixture(server, options => options.WaitForReady = true);

        await pooled.Get();

        Assert.True(server.LastWaitForReady);
    }

    private static long BytesOf(Func<object> action)
    {
        for (var i = 0; i < Times; i++)
        {
            action();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < Times; i++)
        {
            action();
        }

        return (GC.GetAllocatedBytesForCurrentThread() - before) / Times;
    }

    // A call in memory ends on the thread that made it, whose bytes are counted. Should it ever go on elsewhere, the figure is void.
    private static long BytesOfCall<T>(Func<Task<T>> call)
        => BytesOf(() =>
        {
            var task = call();
            SpinWait.SpinUntil(() => task.IsCompleted);
            return task;
        });
}
