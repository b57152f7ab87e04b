namespace PooledClients;

/// <summary>
/// How many descriptors the connections of all pooled clients may take. A .NET process that runs out of them is aborted by the
/// runtime, so the limit is kept from ever being met.
/// </summary>
public sealed class DescriptorOptions
{
    /// <summary>Gets or sets the most connections that all pooled clients hold at a time, gRPC and HTTP together.</summary>
    /// <value><see langword="null"/>: the smaller of half the process's own <c>RLIMIT_NOFILE</c> and that limit less 256.</value>
    public int? MaxConnections { get; set; }

    /// <summary>
    /// Gets or sets how many spare descriptors are held, to be released when other code has taken all the rest: the runtime needs
    /// some to start a thread or to load an assembly. 0 holds none.
    /// </summary>
    /// <value>16.</value>
    public int Reserve { get; set; } = 16;
}
