using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>What a member gives to one of its variables.</summary>
internal static class LocalValues
{
    /// <summary>Every value that a variable is given, or null when some of them cannot be told.</summary>
    public static IReadOnlyList<IOperation>? Of(ILocalReferenceOperation local)
    {
        var references = new MemberReferences(local);
        var declarator = references.Root.Descendants().OfType<IVariableDeclaratorOperation>()
            .FirstOrDefault(candidate => SymbolEqualityComparer.Default.Equals(candidate.Symbol, local.Local));
        if (declarator is null || local.Local.RefKind != RefKind.None)
        {
            return null;
        }

        var values = new List<IOperation>();
        if (declarator.Initializer is { } initial)
        {
            values.Add(initial.Value);
        }

        foreach (var reference in references.To(local.Local))
        {
            switch (reference.Parent)
            {
                case ISimpleAssignmentOperation assignment when assignment.Target == reference:
                    values.Add(assignment.Value);
                    break;
                case ICoalesceAssignmentOperation assignment when assignment.Target == reference:
                    values.Add(assignment.Value);
                    break;
                case ICompoundAssignmentOperation assignment when assignment.Target == reference:
                case IIncrementOrDecrementOperation or ITupleOperation or IArgumentOperation { Parameter.RefKind: not RefKind.None }:
                    return null;
            }
        }

        return values;
    }
}
