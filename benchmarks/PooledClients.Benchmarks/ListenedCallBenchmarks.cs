using System.Diagnostics.Metrics;
using BenchmarkDotNet.Attributes;
using PooledClients.Benchmarks.Contenders;
using PooledClients.Benchmarks.Servers;
using RocksDb.V1;

namespace PooledClients.Benchmarks;

/// <summary>What it costs a unary call over TLS on loopback that somebody listens to its metrics.</summary>
public class ListenedCallBenchmarks
{
    private const int CallsAnInvocation = 3000;
    private const string Nobody = "nobody";
    private const string Calls = "all but sizes";
    private const string Sizes = "all";

    private readonly GetRequest _request = new();
    private ServerProcess _server = null!;
    private GrpcContenders _contenders = null!;
    private MeterListener? _listener;

    [Params(1, 16)]
    public int Callers { get; set; }

    [Params(Nobody, Calls, Sizes)]
    public string Listener { get; set; } = Nobody;

    [GlobalSetup]
    public void Setup()
    {
        _server = new ServerProcess();
        _contenders = new GrpcContenders(_server.Address);
        if (Listener == Nobody)
        {
            return;
        }

        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == "PooledClients" && (Listener == Sizes || !instrument.Name.Contains("message_size", StringComparison.Ordinal)))
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<double>(static (_, _, _, _) => { });
        _listener.SetMeasurementEventCallback<long>(static (_, _, _, _) => { });
        _listener.Start();
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _listener?.Dispose();
        _contenders.Dispose();
        _server.Dispose();
    }

    [Benchmark(OperationsPerInvoke = CallsAnInvocation)]
    public Task Pooled() => Contenders.Callers.RunAsync(Callers, CallsAnInvocation, async () => await _contenders.Pooled.GetAsync(_request));
}
