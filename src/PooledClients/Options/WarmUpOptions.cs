namespace PooledClients;

/// <summary>What is done ahead of the first call while the host starts.</summary>
public sealed class WarmUpOptions
{
    /// <summary>
    /// Gets or sets whether the code that a first connection needs is loaded at start. An assembly that is first needed when no
    /// descriptor is left fails to load for good.
    /// </summary>
    /// <value><see langword="true"/>.</value>
    public bool Preload { get; set; } = true;

    /// <summary>Gets or sets how long the start waits for the clients that ask for <see cref="PooledGrpcClientOptions.WarmUp"/>.</summary>
    /// <value>5 seconds.</value>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Gets or sets whether a client that could not connect in time fails the start, instead of being logged.</summary>
    /// <value><see langword="false"/>.</value>
    public bool FailStart { get; set; }
}
