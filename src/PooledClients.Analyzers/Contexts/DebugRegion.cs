using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PooledClients.Analyzers.Contexts;

/// <summary>Tells what is compiled, or called, in a debug build only.</summary>
internal static class DebugRegion
{
    private const string Symbol = "DEBUG";

    public static bool Contains(SyntaxNode node, CancellationToken cancellationToken)
    {
        // Innermost last: whether the branch around needs DEBUG, and whether one before it was taken without DEBUG.
        var regions = new Stack<(bool NeedsDebug, bool ElseNeedsDebug)>();
        var root = node.SyntaxTree.GetRoot(cancellationToken);
        if (!root.ContainsDirectives)
        {
            return false;
        }

        for (var directive = root.GetFirstDirective(); directive is not null && directive.SpanStart < node.SpanStart; directive = directive.GetNextDirective())
        {
            switch (directive)
            {
                case IfDirectiveTriviaSyntax condition:
                    regions.Push((Needs(condition.Condition, true), Needs(condition.Condition, false)));
                    break;
                case ElifDirectiveTriviaSyntax condition when regions.Count > 0:
                    var before = regions.Pop().ElseNeedsDebug;
                    regions.Push((before || Needs(condition.Condition, true), before || Needs(condition.Condition, false)));
                    break;
                case ElseDirectiveTriviaSyntax when regions.Count > 0:
                    var otherwise = regions.Pop().ElseNeedsDebug;
                    regions.Push((otherwise, otherwise));
                    break;
                case EndIfDirectiveTriviaSyntax when regions.Count > 0:
                    regions.Pop();
                    break;
            }
        }

        return regions.Any(region => region.NeedsDebug);
    }

    /// <summary>Calls of a method with [Conditional("DEBUG")] are left out of other builds.</summary>
    public static bool IsDebugOnly(ISymbol member)
    {
        return member.GetAttributes().Any(attribute => attribute.AttributeClass?.Name == "ConditionalAttribute"
            && attribute.ConstructorArguments.Any(argument => argument.Value is Symbol));
    }

    /// <summary>Tells whether a condition can have this outcome only where DEBUG is defined.</summary>
    private static bool Needs(ExpressionSyntax condition, bool outcome) => condition switch
    {
        IdentifierNameSyntax identifier => outcome && identifier.Identifier.ValueText == Symbol,
        ParenthesizedExpressionSyntax inner => Needs(inner.Expression, outcome),
        PrefixUnaryExpressionSyntax negation when negation.IsKind(SyntaxKind.LogicalNotExpression) => Needs(negation.Operand, !outcome),
        BinaryExpressionSyntax both when both.IsKind(outcome ? SyntaxKind.LogicalAndExpression : SyntaxKind.LogicalOrExpression)
            => Needs(both.Left, outcome) || Needs(both.Right, outcome),
        BinaryExpressionSyntax either when either.IsKind(outcome ? SyntaxKind.LogicalOrExpression : SyntaxKind.LogicalAndExpression)
            => Needs(either.Left, outcome) && Needs(either.Right, outcome),
        _ => false,
    };
}
