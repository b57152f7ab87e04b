namespace PooledClients;

/// <summary>The descriptors of the process, and the part of them that the pooled clients' connections take.</summary>
public sealed class DescriptorSnapshot
{
    /// <summary>Gets how many descriptors the process holds, whoever opened them.</summary>
    public required int Open { get; init; }

    /// <summary>Gets the process's own limit (<c>RLIMIT_NOFILE</c>); <see langword="null"/> where there is none.</summary>
    public required int? Limit { get; init; }

    /// <summary>Gets where the count comes from: systems that cannot tell it exactly, or at once, say so here.</summary>
    public required string Source { get; init; }

    /// <summary>Gets how many spare descriptors are held in reserve at the moment, of <see cref="DescriptorOptions.Reserve"/>.</summary>
    public required int Reserved { get; init; }

    /// <summary>Gets how many connections the pooled clients hold.</summary>
    public required int Connections { get; init; }

    /// <summary>Gets how many connections the pooled clients may hold.</summary>
    public required int Budget { get; init; }
}
