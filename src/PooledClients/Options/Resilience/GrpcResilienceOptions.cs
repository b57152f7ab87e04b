namespace PooledClients;

/// <summary>
/// When a gRPC call is tried again, and when an address is left alone. The defaults are meant to stay: what bounds the extra
/// attempts is the retry budget, which all clients of an address share, and the deadline, which all attempts of a call share.
/// </summary>
public sealed class GrpcResilienceOptions
{
    /// <summary>
    /// Gets the calls that are tried again. Only a method that may be processed twice (see
    /// <see cref="GrpcMethodOptions.Idempotent"/>) or that has a <c>retryPolicy</c> in the service config is, and
    /// only a unary call whose response has not begun (gRFC A6: its headers commit it) or a server stream that has not delivered
    /// anything yet.
    /// </summary>
    /// <remarks>
    /// Five attempts, as many as gRPC allows a <c>retryPolicy</c>: a server that is gone says so within a second. A call that should outlast
    /// a restart waits for ready (<see cref="PooledGrpcClientOptions.WaitForReady"/>). The pauses are 50 milliseconds, doubling to 1 second,
    /// each within 20% (gRFC A6); a server that answers <c>grpc-retry-pushback-ms</c> sets the pause itself, or forbids the attempt.
    /// </remarks>
    public RetryOptions Retry { get; } = new();

    /// <summary>Gets what bounds the extra attempts of an address, hedges among them.</summary>
    public RetryBudgetOptions RetryBudget { get; } = new();

    /// <summary>
    /// Gets when the address is left alone. A call fails for the breaker that ends with <c>Unavailable</c> or loses its connection. Other
    /// answers of the server, connects that fail (dials are spaced by themselves), local faults, refused certificates and deadlines do not
    /// count. An open breaker refuses calls at once, with <c>Unavailable</c>.
    /// </summary>
    public BreakerOptions Breaker { get; } = new();

    /// <summary>Gets which calls are made a second time while the first attempt is not answered yet; none by default.</summary>
    public HedgingOptions Hedging { get; } = new();
}
