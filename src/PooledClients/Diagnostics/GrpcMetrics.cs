using System.Diagnostics.Metrics;

namespace PooledClients.Diagnostics;

/// <summary>The instruments of gRPC calls, of the meter <c>PooledClients</c>.</summary>
internal sealed class GrpcMetrics
{
    private const string AddressTag = "server.address";

    private readonly Counter<long> _retries;
    private readonly Counter<long> _retriesRefused;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _breakerOpenings;

    public GrpcMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create("PooledClients");
        _retries = meter.CreateCounter<long>("pooledclients.grpc.retries", "{attempt}", "Further attempts of calls after one that failed.");
        _hedges = meter.CreateCounter<long>("pooledclients.grpc.hedges", "{attempt}", "Attempts of calls that were made beside another one.");
        _retriesRefused = meter.CreateCounter<long>("pooledclients.grpc.retries.refused", "{attempt}", "Further attempts that the address's retry budget did not allow.");
        _breakerOpenings = meter.CreateCounter<long>("pooledclients.grpc.breaker.openings", "{opening}", "How often an address's breaker has opened.");
    }

    /// <summary>Counts a further attempt that the budget was asked for.</summary>
    public void RetryAsked(string address, bool granted)
    {
        var counter = granted ? _retries : _retriesRefused;
        if (counter.Enabled)
        {
            counter.Add(1, new KeyValuePair<string, object?>(AddressTag, address));
        }
    }

    /// <summary>Counts a hedge that the budget was asked for.</summary>
    public void HedgeAsked(string address, bool granted)
    {
        var counter = granted ? _hedges : _retriesRefused;
        if (counter.Enabled)
        {
            counter.Add(1, new KeyValuePair<string, object?>(AddressTag, address));
        }
    }

    public void BreakerOpened(string address)
    {
        if (_breakerOpenings.Enabled)
        {
            _breakerOpenings.Add(1, new KeyValuePair<string, object?>(AddressTag, address));
        }
    }
}
