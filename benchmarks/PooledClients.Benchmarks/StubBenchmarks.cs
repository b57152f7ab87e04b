using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>Getting a stub.</summary>
public class StubBenchmarks
{
    private GrpcContenders _contenders = null!;
    private ServiceProvider _plain = null!;
    private IServiceScope _scope = null!;

    [GlobalSetup]
    public void Setup()
    {
        _contenders = new GrpcContenders(() => new MemoryHandler());
        _plain = new ServiceCollection().AddSingleton(_contenders.Raw).BuildServiceProvider();
        _scope = _contenders.PooledServices.CreateScope();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _scope.Dispose();
        _plain.Dispose();
        _contenders.Dispose();
    }

    [Benchmark(Baseline = true)]
    public object PlainSingleton() => _plain.GetRequiredService<KeyValue.KeyValueClient>();

    [Benchmark]
    public object Pooled() => _contenders.PooledServices.GetRequiredService<KeyValue.KeyValueClient>();

    [Benchmark]
    public object PooledFromScope() => _scope.ServiceProvider.GetRequiredService<KeyValue.KeyValueClient>();

    [Benchmark]
    public object NewACall() => new KeyValue.KeyValueClient(_contenders.Channel);

    [Benchmark]
    public object ClientFactory() => _contenders.FactoryServices.GetRequiredService<KeyValue.KeyValueClient>();
}
