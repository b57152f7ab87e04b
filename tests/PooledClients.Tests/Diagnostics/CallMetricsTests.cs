using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Tests.Diagnostics;

public sealed class CallMetricsTests
{
    [Fact]
    public void ObserveCalls_OfAnAddress_TellsWhatIsInFlightAndWaitsAndItsLimit()
    {
        using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var factory = services.GetRequiredService<IMeterFactory>();
        var metrics = new PooledClientsMetrics(factory);
        metrics.ObserveCalls(() => new CallReading("https://a", InFlight: 100, Waiting: 7, Limit: 100));
        metrics.ObserveCalls(() => new CallReading("https://b:8443", InFlight: 3, Waiting: 0, Limit: int.MaxValue));

        Assert.Equal([("a", 443, 100), ("b", 8443, 3)], Collect("pooledclients.grpc.calls.in_flight"));
        Assert.Equal([("a", 443, 7), ("b", 8443, 0)], Collect("pooledclients.grpc.calls.waiting"));
        Assert.Equal([("a", 443, 100)], Collect("pooledclients.grpc.calls.limit"));

        (object?, object?, int)[] Collect(string instrument)
        {
            using var collector = new MetricCollector<int>(factory, "PooledClients", instrument);
            collector.RecordObservableInstruments();
            return [.. collector.GetMeasurementSnapshot().Select(static m => (m.Tags["server.address"], m.Tags["server.port"], m.Value))];
        }
    }
}
