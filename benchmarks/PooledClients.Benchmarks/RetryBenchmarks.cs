using BenchmarkDotNet.Attributes;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>
/// A read that fails once and is tried again, over a handler that answers in memory. Its time is the pause's, which the framework takes
/// at random between nothing and a millisecond and PooledClients within a fifth of a millisecond: compare the bytes.
/// </summary>
public class RetryBenchmarks
{
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(1);
    private readonly GetRequest _request = new();
    private GrpcChannel _channel = null!;
    private KeyValue.KeyValueClient _framework = null!;
    private ServiceProvider _services = null!;
    private KeyValue.KeyValueClient _pooled = null!;

    [GlobalSetup]
    public void Setup()
    {
        var method = new MethodConfig
        {
            Names = { MethodName.Default },
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = 5,
                InitialBackoff = Backoff,
                MaxBackoff = Backoff,
                BackoffMultiplier = 1,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        _channel = GrpcChannel.ForAddress(
            "http://localhost:1",
            new GrpcChannelOptions { HttpHandler = new FlakyHandler(), DisposeHttpClient = true, ServiceConfig = new ServiceConfig { MethodConfigs = { method } } });
        _framework = new KeyValue.KeyValueClient(_channel);

        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri("http://localhost:1");
            options.Resilience.InitialBackoff = options.Resilience.MaxBackoff = Backoff;

            // Every second attempt is a retry here, which no budget of a production service should allow.
            options.Resilience.RetryRatio = 10;
        }).AddHttpMessageHandler(() => new FlakyHandler());
        _services = services.BuildServiceProvider();
        _pooled = _services.GetRequiredService<KeyValue.KeyValueClient>();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _channel.Dispose();
        _services.Dispose();
    }

    [Benchmark(Baseline = true)]
    public async Task<GetResponse> FrameworkPolicy() => await _framework.GetAsync(_request, deadline: DateTime.UtcNow.AddSeconds(30));

    [Benchmark]
    public async Task<GetResponse> Pooled() => await _pooled.GetAsync(_request);
}
