namespace PooledClients.Analyzers.Flow;

/// <summary>What becomes of a value at one place.</summary>
internal enum UseKind
{
    /// <summary>It is returned or stored.</summary>
    Kept,

    /// <summary>It is captured by a delegate that seems to outlive the member, or an argument of a method that keeps things, to go by its name.</summary>
    Given,

    /// <summary>It is an argument of a method that may keep it.</summary>
    Passed,

    /// <summary>It is disposed, or read to its end.</summary>
    Released,

    /// <summary>It belongs to a using.</summary>
    Using,
}
