using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.FlowAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>Reads a condition that asks whether a value is null.</summary>
internal static class NullCheck
{
    /// <summary>The outcome of the condition that means null, or null itself when it asks something else.</summary>
    public static bool? WhenNull(IOperation? condition, HashSet<SyntaxNode> values)
    {
        switch (condition)
        {
            case IIsNullOperation check when Is(check.Operand, values):
                return true;
            case IUnaryOperation { OperatorKind: UnaryOperatorKind.Not } negation:
                return !WhenNull(negation.Operand, values);
            case IBinaryOperation { OperatorKind: BinaryOperatorKind.Equals or BinaryOperatorKind.NotEquals } comparison
                when (IsNull(comparison.RightOperand) && Is(comparison.LeftOperand, values)) || (IsNull(comparison.LeftOperand) && Is(comparison.RightOperand, values)):
                return comparison.OperatorKind == BinaryOperatorKind.Equals;
            case IIsPatternOperation pattern when Is(pattern.Value, values):
                return WhenNull(pattern.Pattern);
            default:
                return null;
        }
    }

    private static bool? WhenNull(IPatternOperation pattern) => pattern switch
    {
        IConstantPatternOperation constant when IsNull(constant.Value) => true,
        INegatedPatternOperation negated => !WhenNull(negated.Pattern),
        IDeclarationPatternOperation or ITypePatternOperation => false,
        IRecursivePatternOperation { DeconstructionSubpatterns.Length: 0 } recursive when recursive.PropertySubpatterns.All(part => Takes(part.Pattern)) => false,
        IBinaryPatternOperation { OperatorKind: BinaryOperatorKind.And } both => Both(both.LeftPattern, both.RightPattern),
        _ => null,
    };

    private static bool? Both(IPatternOperation left, IPatternOperation right)
    {
        return Takes(left) ? WhenNull(right)
            : Takes(right) || WhenNull(left) == WhenNull(right) ? WhenNull(left)
            : null;
    }

    /// <summary>Matches whatever there is, null too.</summary>
    private static bool Takes(IPatternOperation pattern) => pattern is IDiscardPatternOperation or IDeclarationPatternOperation { MatchesNull: true };

    private static bool IsNull(IOperation operation) => operation.Unwrapped().ConstantValue is { HasValue: true, Value: null };

    private static bool Is(IOperation operation, HashSet<SyntaxNode> values)
        => values.Contains(operation.Syntax) || values.Contains(operation.Unwrapped().Syntax);
}
