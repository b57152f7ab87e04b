namespace PooledClients;

/// <summary>
/// What holds for the process as a whole, whatever the client. Read once, at start, from the configuration section
/// <c>PooledClients</c> and then from code; code wins.
/// </summary>
public sealed class PooledClientsOptions
{
    /// <summary>Gets how many descriptors the connections of all pooled clients may take.</summary>
    public DescriptorOptions Descriptors { get; } = new();

    /// <summary>
    /// Gets or sets how long calls in flight may go on after the host has stopped, before everything is closed.
    /// </summary>
    /// <value>10 seconds.</value>
    public TimeSpan DrainTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Gets or sets what becomes of a key in the section <c>PooledClients</c> that means nothing. A typo is no small matter:
    /// <c>CaCertificate</c> for <c>CaCertificatePath</c> would trust the system's authorities.
    /// </summary>
    /// <value><see cref="PooledClients.UnknownKeys.FailStart"/>.</value>
    public UnknownKeys UnknownKeys { get; set; } = UnknownKeys.FailStart;

    /// <summary>Gets what is done ahead of the first call while the host starts.</summary>
    public WarmUpOptions WarmUp { get; } = new();
}
