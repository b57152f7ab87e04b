using BenchmarkDotNet.Attributes;
using PooledClients.Grpc.Admission;

namespace PooledClients.Benchmarks;

/// <summary>What the limit on calls in flight costs a call that finds room, and one that waits.</summary>
public class AdmissionBenchmarks
{
    private readonly CallAdmission _open = new(new AdmissionOptions(), maxConnections: 10, TimeProvider.System);
    private readonly CallAdmission _full = new(new AdmissionOptions { Mode = AdmissionMode.Fixed, MaxCallsInFlight = 1 }, maxConnections: 10, TimeProvider.System);

    [GlobalSetup]
    public void Setup() => _full.TryEnter();

    [Benchmark(Baseline = true)]
    public void Room()
    {
        _open.TryEnter();
        _open.Exit();
    }

    [Benchmark]
    public async Task Wait()
    {
        var entering = _full.EnterAsync(CancellationToken.None);
        _full.Exit();
        await entering;
    }
}
