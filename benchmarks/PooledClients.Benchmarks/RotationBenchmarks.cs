using BenchmarkDotNet.Attributes;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>New trust: from the change to the first call under it. A plain channel is built anew by hand, and the old one disposed.</summary>
public class RotationBenchmarks
{
    private readonly GetRequest _request = new();
    private ServerProcess _server = null!;
    private GrpcContenders _contenders = null!;
    private GrpcChannel _channel = null!;
    private Transport _transport = null!;

    [GlobalSetup]
    public async Task Setup()
    {
        _server = new ServerProcess();
        _contenders = new GrpcContenders(_server.Address);
        _channel = _contenders.Dial();
        await _contenders.Pooled.GetAsync(_request);
        _transport = _contenders.PooledServices.GetRequiredService<TransportRegistry>().Transports.Single();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _channel.Dispose();
        _contenders.Dispose();
        _server.Dispose();
    }

    [Benchmark(Baseline = true)]
    public async Task<GetResponse> ChannelRebuilt()
    {
        var old = _channel;
        _channel = _contenders.Dial();
        var response = await new KeyValue.KeyValueClient(_channel).GetAsync(_request);
        old.Dispose();
        return response;
    }

    [Benchmark]
    public async Task<GetResponse> GenerationReplaced()
    {
        _transport.Replace("the benchmark asks for it", _transport.Current);
        return await _contenders.Pooled.GetAsync(_request);
    }
}
