using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Picking;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.Diagnostics;
using PooledClients.Http.Balancing;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>Calls to the endpoints of a set in fake time, as many at once as their latency makes.</summary>
internal sealed class SimulatedService : IDisposable
{
    private readonly FakeResolver _resolver = new();
    private readonly PriorityQueue<(Endpoint Endpoint, long Began, EndpointOutcome Outcome), long> _inFlight = new();
    private readonly int _perSecond;
    private TimeSpan _untilNext;

    public SimulatedService(int perSecond, EndpointOptions? options = null, IEndpointResolver? resolver = null)
    {
        _perSecond = perSecond;
        Watch = new AddressWatch(Time, NullLogger<AddressWatch>.Instance);
        Set = new EndpointSet(
            EndpointSettings.From(options ?? new EndpointOptions(), resolver ?? _resolver, new Uri("https://service.test")),
            "https://service.test",
            new Uri("https://service.test"),
            TimeSpan.FromSeconds(5),
            HttpEndpointOwner.Instance,
            (_, target, _) => Connections[target] = new FakeConnections { IsReady = AreReady },
            Time,
            NullLogger.Instance,
            Watch);
    }

    public FakeTimeProvider Time { get; } = new();

    public EndpointSet Set { get; }

    /// <summary>Gets who is told what cannot be reached.</summary>
    public AddressWatch Watch { get; }

    public ConcurrentDictionary<EndPoint, FakeConnections> Connections { get; } = new();

    /// <summary>Gets or sets whether endpoints to come are ready at once.</summary>
    public bool AreReady { get; set; } = true;

    /// <summary>Gets or sets how long a call takes at an endpoint, and how it ends.</summary>
    public Func<EndPoint, (TimeSpan Time, EndpointOutcome Outcome)> Answer { get; set; } = static _ => (TimeSpan.FromMilliseconds(5), EndpointOutcome.Answered);

    /// <summary>Gets the calls for which no endpoint was ready.</summary>
    public int Refused { get; private set; }

    /// <summary>Gets the latencies of the calls that have ended.</summary>
    public List<TimeSpan> Latencies { get; } = [];

    public static EndPoint At(int index) => new IPEndPoint(new IPAddress([10, 0, (byte)(index / 256), (byte)(index % 256)]), 443);

    public void Resolve(int count) => _resolver.Set([.. Enumerable.Range(0, count).Select(At)]);

    public long Picks(int index) => Set.All.Single(endpoint => endpoint.Target.Equals(At(index))).Load.Picks;

    public void Run(TimeSpan time)
    {
        for (var end = Time.GetUtcNow() + time; Time.GetUtcNow() < end;)
        {
            var next = _inFlight.TryPeek(out _, out var endsAt) ? TimeSpan.FromTicks(endsAt - Time.GetTimestamp()) : TimeSpan.MaxValue;
            var step = next < _untilNext ? next : _untilNext;
            Time.Advance(step > TimeSpan.Zero ? step : TimeSpan.Zero);
            _untilNext -= step;
            if (_untilNext <= TimeSpan.Zero)
            {
                _untilNext += TimeSpan.FromSeconds(1) / _perSecond;
                Begin();
            }
            else
            {
                var (endpoint, began, outcome) = _inFlight.Dequeue();
                Latencies.Add(Time.GetElapsedTime(began));
                endpoint.End(isStream: false, outcome, began);
            }
        }
    }

    public void Dispose() => Set.Dispose();

    private void Begin()
    {
        if (Set.Pick(isStream: false) is not { } endpoint)
        {
            Refused++;
            return;
        }

        var now = Time.GetTimestamp();
        endpoint.Begin(isStream: false, now);
        var (time, outcome) = Answer(endpoint.Target);
        _inFlight.Enqueue((endpoint, now, outcome), now + time.Ticks);
    }
}
