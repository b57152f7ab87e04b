using BenchmarkDotNet.Attributes;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>From nothing to the answer of a first call, and gone again: registration, container, connection, TLS, one call, disposal.</summary>
public class FirstCallBenchmarks
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly GetRequest _request = new();
    private ServerProcess _server = null!;

    [GlobalSetup]
    public void Setup() => _server = new ServerProcess();

    [GlobalCleanup]
    public void Cleanup() => _server.Dispose();

    /// <summary>What a program that dials per call pays each time.</summary>
    [Benchmark(Baseline = true)]
    public async Task<GetResponse> DialPerCall()
    {
        using var channel = Handlers.CreateChannel(_server.Address);
        return await new KeyValue.KeyValueClient(channel).GetAsync(_request, deadline: DateTime.UtcNow + Deadline);
    }

    [Benchmark]
    public async Task<GetResponse> ClientFactory()
    {
        var services = new ServiceCollection();
        using var handler = Handlers.Create(_server.Address.CaPem);
        services.AddGrpcClient<KeyValue.KeyValueClient>(options => options.Address = new Uri(_server.Address.Url)).ConfigurePrimaryHttpMessageHandler(() => handler);
        await using var provider = services.BuildServiceProvider();
        return await provider.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(_request, deadline: DateTime.UtcNow + Deadline);
    }

    [Benchmark]
    public async Task<GetResponse> Pooled()
    {
        var services = new ServiceCollection();
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri(_server.Address.Url);
            options.Tls.CaCertificatePem = _server.Address.CaPem;
        });
        await using var provider = services.BuildServiceProvider();
        return await provider.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(_request);
    }
}
