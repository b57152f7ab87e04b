namespace PooledClients;

/// <summary>What differs from its client's options for one method. What is left <see langword="null"/> is the client's.</summary>
public sealed class GrpcMethodOptions
{
    /// <summary>
    /// Gets or sets how long a call of this method may take, streaming or not. <see cref="Timeout.InfiniteTimeSpan"/> means no deadline.
    /// </summary>
    /// <value><see langword="null"/>: the client's.</value>
    public TimeSpan? Deadline { get; set; }

    /// <summary>Gets or sets whether a call of this method that cannot connect waits for the server.</summary>
    /// <value><see langword="null"/>: the client's.</value>
    public bool? WaitForReady { get; set; }

    /// <summary>
    /// Gets or sets whether this method may be processed twice without harm, and so be retried after a failure that leaves open
    /// whether the server has processed it.
    /// </summary>
    /// <value><see langword="null"/>: what the contract's <c>idempotency_level</c> says; unknown means it may not.</value>
    public bool? Idempotent { get; set; }
}
