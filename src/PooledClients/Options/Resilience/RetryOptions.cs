namespace PooledClients;

/// <summary>How often something is tried again, and after which pauses. The defaults are those of the client's kind.</summary>
public sealed class RetryOptions
{
    /// <summary>Gets or sets whether anything is tried again.</summary>
    /// <value><see langword="true"/>.</value>
    public bool Enabled { get; set; } = true;

    /// <summary>Gets or sets the most attempts, the first one included.</summary>
    /// <value>5 for gRPC, 4 for HTTP. 1 means that nothing is tried again, as <see cref="Enabled"/> does.</value>
    public int MaxAttempts { get; set; } = 5;

    /// <summary>Gets or sets the pause before the second attempt. It doubles with each further one, and chance moves each.</summary>
    /// <value>50 milliseconds for gRPC, 100 for HTTP.</value>
    public TimeSpan Delay { get; set; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Gets or sets the longest pause between two attempts.</summary>
    /// <value>1 second for gRPC, 2 for HTTP.</value>
    public TimeSpan MaxDelay { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Gets the most attempts that are really made.</summary>
    internal int Attempts => Enabled ? MaxAttempts : 1;
}
