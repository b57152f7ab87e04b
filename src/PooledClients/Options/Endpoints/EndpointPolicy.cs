namespace PooledClients;

/// <summary>Which of several endpoints a call takes.</summary>
public enum EndpointPolicy
{
    /// <summary>
    /// The better of two that are chosen at random, by recent latency times calls in flight: it steers away from an endpoint that is
    /// slow or silent before callers notice. Streaming calls go by open streams.
    /// </summary>
    LeastLoaded,

    /// <summary>Each in turn (gRPC's <c>round_robin</c>).</summary>
    RoundRobin,

    /// <summary>The first that is ready, in the resolver's order (gRPC's <c>pick_first</c>).</summary>
    PickFirst,
}
