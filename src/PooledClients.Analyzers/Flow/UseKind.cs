namespace PooledClients.Analyzers.Flow;

/// <summary>What becomes of a value at one place.</summary>
internal enum UseKind
{
    /// <summary>It is returned, stored, or captured by a delegate that outlives the member.</summary>
    Kept,

    /// <summary>It is an argument of a method that may keep it.</summary>
    Passed,

    /// <summary>It is disposed, or read to its end.</summary>
    Released,

    /// <summary>It belongs to a using.</summary>
    Using,
}
