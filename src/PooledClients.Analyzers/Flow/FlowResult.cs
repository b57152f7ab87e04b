using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>What became of a value within its member.</summary>
internal sealed class FlowResult(IOperation source, IReadOnlyList<ValueUse> uses, IReadOnlyCollection<IOperation> aliases, IOperation root)
{
    /// <summary>Gets the operation that made the value.</summary>
    public IOperation Source { get; } = source;

    /// <summary>Gets each place at which the value is released or leaves.</summary>
    public IReadOnlyList<ValueUse> Uses { get; } = uses;

    /// <summary>Gets each operation that is or holds the value.</summary>
    public IReadOnlyCollection<IOperation> Aliases { get; } = aliases;

    /// <summary>Gets the member's whole body.</summary>
    public IOperation Root { get; } = root;

    public bool Has(UseKind kind) => Uses.Any(use => use.Kind == kind);

    /// <summary>Tells whether the value never leaves the member. One that the member itself disposes cannot be kept by whom it is passed to.</summary>
    public bool Stays => !Has(UseKind.Kept) && (IsOfUsing || (!Has(UseKind.Given) && (!Has(UseKind.Passed) || IsDisposedHere)));

    /// <summary>Tells whether the member disposes the value whatever happens in it.</summary>
    public bool IsDisposedHere => Has(UseKind.Using) || Uses.Any(use => use.Kind == UseKind.Released && IsSure(use.Value));

    /// <summary>The value itself, not an object made of it, belongs to a using: whatever is given it can have it for that long only.</summary>
    private bool IsOfUsing => Uses.Any(use => use.Kind == UseKind.Using && SymbolEqualityComparer.Default.Equals(use.Value.Type, Source.Type));

    /// <summary>In a finally, or as a statement of the block in which the value was made.</summary>
    private bool IsSure(IOperation release)
    {
        var below = release;
        foreach (var ancestor in release.Ancestors())
        {
            if (ancestor is ITryOperation attempt)
            {
                if (attempt.Finally == below)
                {
                    return true;
                }

                if (below is ICatchClauseOperation)
                {
                    return false;
                }
            }

            below = ancestor;
        }

        return Block(release) is { } block && block == Block(Source);
    }

    private static IBlockOperation? Block(IOperation operation) => operation.Ancestors().OfType<IBlockOperation>().FirstOrDefault();
}
