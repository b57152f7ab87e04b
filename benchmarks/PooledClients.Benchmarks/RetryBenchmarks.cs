using BenchmarkDotNet.Attributes;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Net.Client.Configuration;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>
/// A read that fails once and is tried again, over TLS. Of its time a millisecond is the pause's, which the framework takes at random between
/// nothing and that, and PooledClients within a fifth of it: compare the bytes.
/// </summary>
public class RetryBenchmarks
{
    private static readonly TimeSpan Backoff = TimeSpan.FromMilliseconds(1);
    private static readonly Metadata FailFirst = new() { { BenchmarkServer.FailFirst, "1" } };
    private readonly GetRequest _request = new();
    private ServerProcess _server = null!;
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
        _server = new ServerProcess();
        _channel = Handlers.CreateChannel(_server.Address, new ServiceConfig { MethodConfigs = { method } });
        _framework = new KeyValue.KeyValueClient(_channel);

        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri(_server.Address.Url);
            options.Tls.CaCertificatePem = _server.Address.CaPem;
            options.Resilience.Retry.Delay = options.Resilience.Retry.MaxDelay = Backoff;

            // Every second attempt is a retry here, which no budget of a production service should allow.
            options.Resilience.RetryBudget.Ratio = 10;
        });
        _services = services.BuildServiceProvider();
        _pooled = _services.GetRequiredService<KeyValue.KeyValueClient>();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _channel.Dispose();
        _services.Dispose();
        _server.Dispose();
    }

    [Benchmark(Baseline = true)]
    public async Task<GetResponse> FrameworkPolicy() => await _framework.GetAsync(_request, FailFirst, DateTime.UtcNow.AddSeconds(30));

    [Benchmark]
    public async Task<GetResponse> Pooled() => await _pooled.GetAsync(_request, FailFirst);
}
