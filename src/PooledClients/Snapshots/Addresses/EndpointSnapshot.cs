namespace PooledClients;

/// <summary>One of several endpoints of a service.</summary>
public sealed class EndpointSnapshot
{
    /// <summary>Gets the service whose endpoint it is: scheme, host and port of the clients' address.</summary>
    public required string Service { get; init; }

    /// <summary>Gets where it is.</summary>
    public required string EndPoint { get; init; }

    /// <summary>Gets what it is: <c>Ready</c>, <c>Idle</c> (no connection is up, and none is wanted), <c>Connecting</c>, <c>TransientFailure</c> (the last connect failed), <c>NotServing</c> (its health check does not say that it serves), <c>Ejected</c> (left out for its failures) or <c>Probing</c> (was left out, and takes one call at a time).</summary>
    public required string State { get; init; }

    /// <summary>Gets the recent latency of its unary calls, or of its HTTP responses' headers.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>Gets how many unary calls, or HTTP requests, are in flight there.</summary>
    public int CallsInFlight { get; init; }

    /// <summary>Gets how many streaming calls are open there.</summary>
    public int OpenStreams { get; init; }

    /// <summary>Gets how many calls were ever sent there.</summary>
    public long Picks { get; init; }

    /// <summary>Gets how many of them failed by the server's or the network's fault.</summary>
    public long Failures { get; init; }

    /// <summary>Gets for how long it is still left out; zero where it is not.</summary>
    public TimeSpan EjectedFor { get; init; }
}
