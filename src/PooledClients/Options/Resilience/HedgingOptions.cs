namespace PooledClients;

/// <summary>
/// Which unary calls of idempotent methods are made a second time beside the first attempt. The first good answer wins and the other
/// attempts are cancelled. A hedged call is not retried in other ways, and each extra attempt counts against the retry budget.
/// </summary>
public sealed class HedgingOptions
{
    /// <summary>Gets or sets after how long without an answer the next attempt is made.</summary>
    /// <value><see langword="null"/>: no hedging. Take something near the method's 95th percentile.</value>
    public TimeSpan? Delay { get; set; }

    /// <summary>Gets or sets the most attempts of a call, its first one included, each <see cref="Delay"/> after the last.</summary>
    /// <value>2. At most 11.</value>
    public int MaxAttempts { get; set; } = 2;
}
