using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using PooledClients.Diagnostics.Instruments;

namespace PooledClients.Diagnostics;

/// <summary>The instruments of gRPC calls, of the meter <c>PooledClients</c>.</summary>
internal sealed class GrpcMetrics
{
    private const string ClientTag = "pooledclients.client";

    private readonly Counter<long> _retries;
    private readonly Counter<long> _retriesRefused;
    private readonly Counter<long> _hedges;
    private readonly Counter<long> _breakerOpenings;
    private readonly Counter<long> _leaks;
    private readonly ConcurrentQueue<Func<IEnumerable<(string Client, TimeSpan Age)>>> _streams = new();

    public GrpcMetrics(IMeterFactory meterFactory)
    {
        var meter = meterFactory.Create("PooledClients");
        _retries = meter.CreateCounter<long>("pooledclients.grpc.retries", "{attempt}", "Further attempts of calls after one that failed.");
        _hedges = meter.CreateCounter<long>("pooledclients.grpc.hedges", "{attempt}", "Attempts of calls that were made beside another one.");
        _retriesRefused = meter.CreateCounter<long>("pooledclients.grpc.retries.refused", "{attempt}", "Further attempts that the address's retry budget did not allow.");
        _breakerOpenings = meter.CreateCounter<long>("pooledclients.grpc.breaker.openings", "{opening}", "How often an address's breaker has opened.");
        _leaks = meter.CreateCounter<long>("pooledclients.grpc.streams.leaked", "{stream}", "Streaming calls that were dropped without being read to the end or disposed.");
        meter.CreateObservableUpDownCounter("pooledclients.grpc.streams.open", ReadStreams, "{stream}", "Streaming calls in flight.");
        meter.CreateObservableGauge("pooledclients.grpc.streams.oldest_age", ReadOldestStream, "s", "The age of the oldest streaming call in flight.");
    }

    /// <summary>Counts a further attempt that the budget was asked for.</summary>
    public void RetryAsked(string address, bool granted)
    {
        var counter = granted ? _retries : _retriesRefused;
        if (counter.Enabled)
        {
            counter.Add(1, ServerTags.Of(address));
        }
    }

    /// <summary>Counts a hedge that the budget was asked for.</summary>
    public void HedgeAsked(string address, bool granted)
    {
        var counter = granted ? _hedges : _retriesRefused;
        if (counter.Enabled)
        {
            counter.Add(1, ServerTags.Of(address));
        }
    }

    /// <summary>Adds the streaming calls of a transport, asked for when somebody collects.</summary>
    public void ObserveStreams(Func<IEnumerable<(string Client, TimeSpan Age)>> read) => _streams.Enqueue(read);

    public void StreamLeaked(string client)
    {
        if (_leaks.Enabled)
        {
            _leaks.Add(1, new KeyValuePair<string, object?>(ClientTag, client));
        }
    }

    private IEnumerable<Measurement<int>> ReadStreams() => _streams.SelectMany(static read => read())
        .GroupBy(static stream => stream.Client, static (client, streams) => new Measurement<int>(streams.Count(), new KeyValuePair<string, object?>(ClientTag, client)));

    private double ReadOldestStream() => _streams.SelectMany(static read => read()).Select(static stream => stream.Age.TotalSeconds).DefaultIfEmpty().Max();

    public void BreakerOpened(string address)
    {
        if (_breakerOpenings.Enabled)
        {
            _breakerOpenings.Add(1, ServerTags.Of(address));
        }
    }
}
