namespace PooledClients;

/// <summary>
/// When an address is left alone because nearly everything that it is asked fails. Clients of one address with equal settings share one
/// breaker, gRPC and HTTP alike.
/// </summary>
public sealed class BreakerOptions
{
    /// <summary>Gets or sets whether an address is ever left alone.</summary>
    /// <value><see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the share of requests within <see cref="SamplingDuration"/> that has to fail for the breaker to open.</summary>
    /// <value>0.8: a server that still answers one call in three is better tried again. Above 0, at most 1.</value>
    public double FailureRatio { get; set; } = 0.8;

    /// <summary>Gets or sets how many requests within <see cref="SamplingDuration"/> it takes to judge an address.</summary>
    /// <value>20. At least 2.</value>
    public int MinimumThroughput { get; set; } = 20;

    /// <summary>Gets or sets the time over which <see cref="FailureRatio"/> is taken.</summary>
    /// <value>5 seconds. At least half a second.</value>
    public TimeSpan SamplingDuration { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets how long an open breaker refuses requests, at once, before it lets one through to probe.</summary>
    /// <value>Half a second, which is also the least: an open breaker should not outlive what opened it.</value>
    public TimeSpan BreakDuration { get; set; } = TimeSpan.FromMilliseconds(500);
}
