namespace PooledClients;

/// <summary>
/// How many extra attempts the calls to an address may make together, so that retries do not bring down a server that is only slow. What
/// is not used is kept for ten seconds. Clients of one address with equal settings share one budget, gRPC and HTTP alike.
/// </summary>
public sealed class RetryBudgetOptions
{
    /// <summary>Gets or sets whether anything but <see cref="RetryOptions.MaxAttempts"/> bounds them.</summary>
    /// <value><see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the extra attempts as a share of all calls, whether these may be tried again or not.</summary>
    /// <value>0.2: one for every five calls (Finagle's).</value>
    public double Ratio { get; set; } = 0.2;

    /// <summary>Gets or sets the extra attempts a second that there are besides, however few the calls are.</summary>
    /// <value>10 (Finagle's).</value>
    public double PerSecond { get; set; } = 10;
}
