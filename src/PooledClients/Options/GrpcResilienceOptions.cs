namespace PooledClients;

/// <summary>
/// When a gRPC call is tried again, and when an address is left alone. The defaults are meant to stay: what bounds the extra
/// attempts is the retry budget, which all clients of an address share, and the deadline, which all attempts of a call share.
/// </summary>
public sealed class GrpcResilienceOptions
{
    /// <summary>
    /// Gets or sets the most attempts a call makes, its first one included. Only a method that may be processed twice (see
    /// <see cref="GrpcMethodOptions.Idempotent"/>) or that has a <c>retryPolicy</c> in the service config is tried again, and
    /// only a unary call whose response has not begun (gRFC A6: its headers commit it) or a server stream that has not delivered
    /// anything yet.
    /// </summary>
    /// <value>
    /// 5, as many as gRPC allows a <c>retryPolicy</c> (gRFC A6): a server that is gone says so within a second. A call that should outlast
    /// a restart waits for ready (<see cref="PooledGrpcClientOptions.WaitForReady"/>). 1 means that nothing is ever tried again.
    /// </value>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>
    /// Gets or sets the pause before the second attempt. It doubles with each further one, each within 20% (gRFC A6). A server
    /// that answers <c>grpc-retry-pushback-ms</c> sets the pause itself, or forbids the attempt.
    /// </summary>
    /// <value>50 milliseconds.</value>
    public TimeSpan InitialBackoff { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets or sets the longest pause between two attempts.</summary>
    /// <value>1 second.</value>
    public TimeSpan MaxBackoff { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Gets or sets how many extra attempts the calls of an address earn together, as a share of all calls, whether their methods may
    /// be tried again or not. Clients of one address share one budget where <see cref="RetryRatio"/> and <see cref="RetriesPerSecond"/>
    /// agree, HTTP clients among them.
    /// </summary>
    /// <value>0.2: one for every five calls.</value>
    public double RetryRatio { get; set; } = 0.2;

    /// <summary>Gets or sets how many extra attempts a second an address has, however few its calls are.</summary>
    /// <value>10.</value>
    public double RetriesPerSecond { get; set; } = 10;

    /// <summary>
    /// Gets or sets the share of an address's requests that has to fail for its breaker to open: with <c>Unavailable</c>, or by
    /// losing the connection. Other answers of the server, connects that fail (dials are spaced by themselves), local faults, refused
    /// certificates and deadlines do not count. Clients
    /// of one address share one breaker where their breaker options agree, HTTP clients among them.
    /// </summary>
    /// <value>0.8: a server that still answers one call in three is better tried again. <see langword="null"/> means no breaker.</value>
    public double? BreakerFailureRatio { get; set; } = 0.8;

    /// <summary>Gets or sets how many requests within <see cref="BreakerSamplingDuration"/> it takes to judge an address.</summary>
    /// <value>20. At least 2.</value>
    public int BreakerMinimumThroughput { get; set; } = 20;

    /// <summary>Gets or sets the time over which <see cref="BreakerFailureRatio"/> is taken.</summary>
    /// <value>5 seconds. At least half a second.</value>
    public TimeSpan BreakerSamplingDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Gets or sets how long an open breaker refuses calls, at once and with <c>Unavailable</c>, before it lets one through to probe.
    /// </summary>
    /// <value>Half a second, which is also the least: an open breaker should not outlive what opened it.</value>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>
    /// Gets or sets after how long a unary call of an idempotent method that has no answer yet is made a second time, beside the
    /// first; the first good answer wins and the others are cancelled. A hedged call is not retried in other ways, and each extra
    /// attempt counts against the retry budget.
    /// </summary>
    /// <value><see langword="null"/>: no hedging. Take something near the method's 95th percentile.</value>
    public TimeSpan? HedgingDelay { get; set; }

    /// <summary>Gets or sets the most attempts of a hedged call, its first one included, each <see cref="HedgingDelay"/> after the last.</summary>
    /// <value>2.</value>
    public int MaxHedgedAttempts { get; set; } = 2;
}
