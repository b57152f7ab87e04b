using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace PooledClients.Diagnostics.Instruments;

/// <summary>The instruments of services that have several endpoints. A series is a service's, never an endpoint's: those come and go.</summary>
internal sealed class EndpointMetrics
{
    private const string Method = "grpc.lb.outlier_detection.detection_method";

    private readonly ConcurrentQueue<Func<EndpointReading>> _services = new();

    public EndpointMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create("PooledClients");
        meter.CreateObservableUpDownCounter("pooledclients.endpoints", States, "{endpoint}", "The endpoints of services that have several, by what they are.");
        meter.CreateObservableCounter("grpc.lb.outlier_detection.ejections_enforced", Ejections, "{ejection}", "How often an endpoint was left out for its failures, by which rule.");
    }

    /// <summary>Adds a service; it is the instruments' for good.</summary>
    public void Observe(Func<EndpointReading> read) => _services.Enqueue(read);

    private IEnumerable<Measurement<int>> States() =>
        from reading in _services.Select(static read => read())
        from state in reading.States
        group state by (reading.Service, State: state) into same
        select new Measurement<int>(same.Count(), ServerTags.Array(same.Key.Service, Tag("pooledclients.endpoint.state", same.Key.State)));

    private IEnumerable<Measurement<long>> Ejections() =>
        from reading in _services.Select(static read => read())
        group reading by reading.Service into same
        from measurement in new Measurement<long>[]
        {
            new(same.Sum(static reading => reading.ConsecutiveFailures), Tag("grpc.target", same.Key), Tag(Method, "consecutive_failures")),
            new(same.Sum(static reading => reading.FailureRatio), Tag("grpc.target", same.Key), Tag(Method, "failure_percentage")),
        }
        select measurement;

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
