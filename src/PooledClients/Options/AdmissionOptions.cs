namespace PooledClients;

/// <summary>
/// How many unary calls to one address may be in flight at a time. More calls in flight than server and machine can serve only
/// cost throughput, latency and memory; calls over the limit wait in order, in front of the transport, until their deadline.
/// Streaming calls are not held.
/// </summary>
public sealed class AdmissionOptions
{
    /// <summary>Gets or sets how the limit is found.</summary>
    /// <value>
    /// <see cref="AdmissionMode.Adaptive"/>: it starts at 100, what one HTTP/2 connection carries by most servers' defaults, and opens up while
    /// the process has time for more or more calls complete, so that services that answer slowly are not held back.
    /// </value>
    public AdmissionMode Mode { get; set; } = AdmissionMode.Adaptive;

    /// <summary>Gets or sets the most unary calls in flight, when <see cref="Mode"/> is <see cref="AdmissionMode.Fixed"/>.</summary>
    /// <value>100, what one HTTP/2 connection carries by most servers' defaults. At least 1.</value>
    public int MaxCallsInFlight { get; set; } = 100;
}
