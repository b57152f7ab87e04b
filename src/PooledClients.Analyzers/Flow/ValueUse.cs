using Microsoft.CodeAnalysis;

namespace PooledClients.Analyzers.Flow;

/// <summary>A place at which a value is released or leaves the member.</summary>
internal readonly struct ValueUse(UseKind kind, IOperation value)
{
    public UseKind Kind { get; } = kind;

    /// <summary>Gets the operation that has the value, such as a reference to a variable.</summary>
    public IOperation Value { get; } = value;
}
