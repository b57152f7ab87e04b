using System.Collections.Concurrent;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>Tells of the endpoints of all services that have several.</summary>
/// <param name="metrics">The instruments; none for what is nobody's.</param>
internal sealed class EndpointSnapshotSource(EndpointMetrics? metrics = null) : ISnapshotSource
{
    // As many as there are services.
    private readonly ConcurrentQueue<EndpointSet> _sets = new();

    public void Add(EndpointSet set)
    {
        _sets.Enqueue(set);
        metrics?.Observe(() => new EndpointReading(
            set.Service, [.. set.All.Select(static endpoint => Word(StateOf(endpoint)))], set.Ejections.InARow, set.Ejections.ByRatio));
    }

    public void AddTo(SnapshotBuilder snapshot) =>
        snapshot.Endpoints.AddRange(_sets.SelectMany(static set => set.All.Select(endpoint => new EndpointSnapshot
        {
            Service = set.Service,
            EndPoint = endpoint.ToString(),
            State = StateOf(endpoint),
            Latency = TimeSpan.FromSeconds(endpoint.Load.LatencySeconds),
            CallsInFlight = endpoint.Load.InFlight,
            OpenStreams = endpoint.Load.Streams,
            Picks = endpoint.Load.Picks,
            Failures = endpoint.Load.Failures,
            EjectedFor = endpoint.Ejection.EjectedFor,
        })));

    private static string StateOf(Endpoint endpoint) => endpoint.Ejection.State is var health and not Picking.EndpointHealth.Well ? health.ToString()
        : endpoint.IsReady ? "Ready"
        : endpoint.Connections.IsReady ? "NotServing"
        : endpoint.Connections.LastFailure is not null ? "TransientFailure"
        : endpoint.Connections.IsGone ? "Idle"
        : "Connecting";

    private static string Word(string state) => state switch
    {
        "NotServing" => "not_serving",
        "TransientFailure" => "transient_failure",
        _ => state.ToLowerInvariant(),
    };
}
