using BenchmarkDotNet.Attributes;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>A unary call over a handler that answers in memory. The pooled read may be retried, since its contract says so; the pooled write may not.</summary>
public class MemoryCallBenchmarks
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private readonly GetRequest _request = new();
    private readonly PutRequest _write = new();
    private GrpcContenders _contenders = null!;

    [GlobalSetup]
    public void Setup() => _contenders = new GrpcContenders(() => new MemoryHandler());

    [GlobalCleanup]
    public void Cleanup() => _contenders.Dispose();

    [Benchmark(Baseline = true)]
    public async Task<GetResponse> RawWithDeadline() => await Get(_contenders.Raw);

    [Benchmark]
    public async Task<GetResponse> RawWithoutDeadline() => await _contenders.Raw.GetAsync(_request);

    [Benchmark]
    public async Task<PutResponse> RawWriteWithDeadline() => await _contenders.Raw.PutAsync(_write, deadline: DateTime.UtcNow + Deadline);

    [Benchmark]
    public async Task<GetResponse> FactoryReused() => await Get(_contenders.Factory);

    [Benchmark]
    public async Task<GetResponse> FactoryACall() => await Get(_contenders.FactoryServices.GetRequiredService<KeyValue.KeyValueClient>());

    [Benchmark]
    public async Task<GetResponse> Pooled() => await _contenders.Pooled.GetAsync(_request);

    [Benchmark]
    public async Task<PutResponse> PooledWrite() => await _contenders.Pooled.PutAsync(_write);

    private AsyncUnaryCall<GetResponse> Get(KeyValue.KeyValueClient client) => client.GetAsync(_request, deadline: DateTime.UtcNow + Deadline);
}
