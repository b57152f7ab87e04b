using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Diagnostics;

/// <summary>The instruments of the meter <c>PooledClients</c>.</summary>
internal sealed class PooledClientsMetrics
{
    private const string StateTag = "pooledclients.lease.state";

    private readonly Meter _meter;
    private readonly Histogram<double> _waits;
    private readonly Counter<long> _reclaims;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _descriptorFaults;
    private readonly Counter<long> _descriptorsExhausted;
    private readonly ConcurrentQueue<Func<CallReading>> _calls = new();

    public PooledClientsMetrics(IMeterFactory meterFactory)
    {
        _meter = meterFactory.Create("PooledClients");
        _waits = _meter.CreateHistogram("pooledclients.connections.wait.duration", "s", "How long connects waited for a place within the budget.", advice: Buckets.Waits);
        _reclaims = _meter.CreateCounter<long>("pooledclients.connections.reclaims", "{pool}", "Pools without a request in flight whose connections were closed for others.");
        _refusals = _meter.CreateCounter<long>("pooledclients.connections.refusals", "{call}", "Calls that ended because no connection could be opened within the budget.");
        _descriptorFaults = _meter.CreateCounter<long>("pooledclients.connections.descriptor_faults", "{attempt}", "Attempts to connect that failed for want of a descriptor.");
        _descriptorsExhausted = _meter.CreateCounter<long>("pooledclients.descriptors.exhausted", "{event}", "Times that the process had no descriptor left.");
        _meter.CreateObservableUpDownCounter("pooledclients.grpc.calls.in_flight", () => Read(static c => c.InFlight), "{call}", "Unary calls that were let through to the transport.");
        _meter.CreateObservableUpDownCounter("pooledclients.grpc.calls.waiting", () => Read(static c => c.Waiting), "{call}", "Unary calls that wait in front of the transport.");
        _meter.CreateObservableUpDownCounter("pooledclients.grpc.calls.limit", () => Read(static c => c.Limit), "{call}", "The limit on unary calls in flight, as learnt or set; none is not told.");
    }

    /// <summary>Gauges over the process's descriptors and the gate's leases, read whenever somebody collects.</summary>
    public void ObserveConnections(
        Func<int> descriptorsOpen, Func<IEnumerable<Measurement<int>>> descriptorLimit, Func<int> budget, Func<IEnumerable<(string Address, int InUse, int Waiting, int Limit)>> leases)
    {
        _meter.CreateObservableUpDownCounter("pooledclients.descriptors.open", descriptorsOpen, "{descriptor}", "Descriptors that the process holds, whoever opened them.");
        _meter.CreateObservableUpDownCounter("pooledclients.descriptors.limit", descriptorLimit, "{descriptor}", "The process's own limit of descriptors.");
        _meter.CreateObservableUpDownCounter("pooledclients.connections.budget", budget, "{connection}", "The most connections that all pooled clients may hold.");
        _meter.CreateObservableUpDownCounter(
            "pooledclients.connections.leases",
            () => ByService(leases()).SelectMany(static l => (Measurement<int>[])
                [new(l.InUse, ServerTags.Array(l.Address, Tag(StateTag, "in_use"))), new(l.Waiting, ServerTags.Array(l.Address, Tag(StateTag, "waiting")))]),
            "{connection}",
            "Connections open or being opened, and connects that wait for a place, by address.");
        _meter.CreateObservableUpDownCounter(
            "pooledclients.connections.limit",
            () => ByService(leases()).Select(static l => new Measurement<int>(l.Limit, ServerTags.Array(l.Address))),
            "{connection}",
            "The most connections to an address at a time.");
    }

    /// <summary>Adds an address to the gauges over calls; it is theirs for good.</summary>
    public void ObserveCalls(Func<CallReading> read) => _calls.Enqueue(read);

    public void DescriptorsExhausted() => _descriptorsExhausted.Add(1);

    public void ConnectionWaited(string address, TimeSpan wait)
    {
        if (_waits.Enabled)
        {
            _waits.Record(wait.TotalSeconds, ServerTags.Of(address));
        }
    }

    public void PoolReclaimed(string address)
    {
        if (_reclaims.Enabled)
        {
            _reclaims.Add(1, ServerTags.Of(address));
        }
    }

    public void ConnectionRefused(string address)
    {
        if (_refusals.Enabled)
        {
            _refusals.Add(1, ServerTags.Of(address));
        }
    }

    public void DescriptorFault(string address)
    {
        if (_descriptorFaults.Enabled)
        {
            _descriptorFaults.Add(1, ServerTags.Of(address));
        }
    }

    private IEnumerable<Measurement<int>> Read(Func<CallReading, int> select)
    {
        foreach (var readings in _calls.Select(static read => read()).Where(reading => select(reading) < int.MaxValue).GroupBy(static reading => reading.Address))
        {
            yield return new(readings.Sum(select), ServerTags.Array(readings.Key));
        }
    }

    // A measurement for each set of attributes: clients with other options, and the endpoints of a service, add up.
    private static IEnumerable<(string Address, int InUse, int Waiting, int Limit)> ByService(IEnumerable<(string Address, int InUse, int Waiting, int Limit)> leases) => leases
        .GroupBy(static lease => ServerTags.ServiceOf(lease.Address))
        .Select(static same => (same.Key, same.Sum(static lease => lease.InUse), same.Sum(static lease => lease.Waiting), same.Sum(static lease => lease.Limit)));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
