namespace PooledClients.Analyzers.Flow;

/// <summary>What an operation on a value does with it.</summary>
internal enum Step
{
    /// <summary>Uses it, and is done.</summary>
    Nothing,

    /// <summary>Its result is or holds the value.</summary>
    Alias,

    Kept,
    Passed,
    Released,
}
