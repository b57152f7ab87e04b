using BenchmarkDotNet.Attributes;
using Google.Protobuf;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>A unary call over TLS on loopback, by so many callers at a time.</summary>
public class TlsCallBenchmarks
{
    private const int CallsAnInvocation = 3000;
    private const int LargeBytes = 200 * 1024;
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);
    private ServerProcess _server = null!;
    private GrpcContenders _contenders = null!;
    private GetRequest _request = null!;

    [ParamsSource(nameof(AllCallers))]
    public int Callers { get; set; }

    [ParamsSource(nameof(AllSizes))]
    public int Bytes { get; set; }

    public static IEnumerable<int> AllCallers => BenchmarkLimits.Of([1, 16, 100, 400, 1500], [16, 1500]);

    public static IEnumerable<int> AllSizes => BenchmarkLimits.Of([100, LargeBytes], [100]);

    [GlobalSetup]
    public void Setup()
    {
        _server = new ServerProcess();
        _contenders = new GrpcContenders(_server.Address);
        _request = new GetRequest { Key = Bytes == LargeBytes ? ByteString.CopyFromUtf8("large") : ByteString.Empty };
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _contenders.Dispose();
        _server.Dispose();
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = CallsAnInvocation)]
    public Task RawWithDeadline() => RunAsync(async () => await GetAsync(_contenders.Raw));

    [Benchmark(OperationsPerInvoke = CallsAnInvocation)]
    public Task FactoryReused() => RunAsync(async () => await GetAsync(_contenders.Factory));

    [Benchmark(OperationsPerInvoke = CallsAnInvocation)]
    public Task FactoryACall() => RunAsync(async () => await GetAsync(_contenders.FactoryServices.GetRequiredService<KeyValue.KeyValueClient>()));

    [Benchmark(OperationsPerInvoke = CallsAnInvocation)]
    public Task Pooled() => RunAsync(async () => await _contenders.Pooled.GetAsync(_request));

    private async Task GetAsync(KeyValue.KeyValueClient client) => await client.GetAsync(_request, deadline: DateTime.UtcNow + Deadline);

    private Task RunAsync(Func<Task> call) => Contenders.Callers.RunAsync(Callers, CallsAnInvocation, call);
}
