namespace PooledClients;

/// <summary>Something that is wrong, and the way out.</summary>
public sealed class TroubleSnapshot
{
    /// <summary>Gets how bad it is.</summary>
    public required TroubleSeverity Severity { get; init; }

    /// <summary>Gets what kind of trouble it is: descriptors, budget, address, breaker, certificate, trust, response, stream.</summary>
    public required string Kind { get; init; }

    /// <summary>Gets what is wrong, in one sentence without a full stop.</summary>
    public required string What { get; init; }

    /// <summary>Gets what to do.</summary>
    public required string WayOut { get; init; }
}
