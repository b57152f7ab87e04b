using System.Diagnostics.Metrics;

namespace PooledClients.Diagnostics;

/// <summary>The instruments of the meter <c>PooledClients</c>.</summary>
internal sealed class PooledClientsMetrics
{
    private const string AddressTag = "server.address";

    private readonly Meter _meter;
    private readonly Histogram<double> _waits;
    private readonly Counter<long> _reclaims;
    private readonly Counter<long> _refusals;
    private readonly Counter<long> _descriptorFaults;

    public PooledClientsMetrics(IMeterFactory meterFactory)
    {
        _meter = meterFactory.Create("PooledClients");
        _waits = _meter.CreateHistogram<double>("pooledclients.connections.wait.duration", "s", "How long connects waited for a place within the budget.");
        _reclaims = _meter.CreateCounter<long>("pooledclients.connections.reclaims", "{pool}", "Pools without a request in flight whose connections were closed for others.");
        _refusals = _meter.CreateCounter<long>("pooledclients.connections.refusals", "{call}", "Calls that ended because no connection could be opened within the budget.");
        _descriptorFaults = _meter.CreateCounter<long>("pooledclients.connections.descriptor_faults", "{attempt}", "Attempts to connect that failed for want of a descriptor.");
    }

    public void ConnectionWaited(string address, TimeSpan wait)
    {
        if (_waits.Enabled)
        {
            _waits.Record(wait.TotalSeconds, Tag(AddressTag, address));
        }
    }

    public void PoolReclaimed(string address)
    {
        if (_reclaims.Enabled)
        {
            _reclaims.Add(1, Tag(AddressTag, address));
        }
    }

    public void ConnectionRefused(string address)
    {
        if (_refusals.Enabled)
        {
            _refusals.Add(1, Tag(AddressTag, address));
        }
    }

    public void DescriptorFault(string address)
    {
        if (_descriptorFaults.Enabled)
        {
            _descriptorFaults.Add(1, Tag(AddressTag, address));
        }
    }

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);
}
