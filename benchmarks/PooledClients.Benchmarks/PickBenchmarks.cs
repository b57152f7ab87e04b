using BenchmarkDotNet.Attributes;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Benchmarks;

/// <summary>What it costs to choose the endpoint of a call, among the most that a client connects to and among a few.</summary>
public class PickBenchmarks
{
    private EndpointPicker<Candidate> _leastLoaded = null!;
    private EndpointPicker<Candidate> _roundRobin = null!;

    public static IEnumerable<int> Counts => BenchmarkLimits.Of([5, 20], [5]);

    [ParamsSource(nameof(Counts))]
    public int Endpoints { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        _leastLoaded = Create(EndpointPolicy.LeastLoaded);
        _roundRobin = Create(EndpointPolicy.RoundRobin);
    }

    [Benchmark(Baseline = true)]
    public object? RoundRobin() => _roundRobin.Pick(isStream: false);

    [Benchmark]
    public object? LeastLoaded() => _leastLoaded.Pick(isStream: false, isSpare: true);

    private EndpointPicker<Candidate> Create(EndpointPolicy policy) => new([.. Enumerable.Range(0, Endpoints).Select(static _ => new Candidate())], policy);

    private sealed class Candidate : IPickable
    {
        public EndpointLoad Load { get; } = new(0.001 * (1 + Random.Shared.NextDouble()));

        public EndpointEjection Ejection { get; } = new(EjectionSettings.From(new EndpointEjectionOptions()), TimeProvider.System);
    }
}
