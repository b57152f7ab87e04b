using System.Collections.Immutable;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>Finds what is to be disposed, from the call that began it.</summary>
internal static class HeldValue
{
    /// <summary>The call with its await, ConfigureAwait, Result, GetAwaiter and EnsureSuccessStatusCode.</summary>
    public static ExpressionSyntax Above(ExpressionSyntax call)
    {
        var value = call;
        while (true)
        {
            switch (value.Parent)
            {
                case AwaitExpressionSyntax awaiting:
                    value = awaiting;
                    break;
                case ParenthesizedExpressionSyntax { Parent: MemberAccessExpressionSyntax { Name.Identifier.ValueText: "EnsureSuccessStatusCode", Parent: InvocationExpressionSyntax } } parenthesized:
                    value = parenthesized;
                    break;
                case MemberAccessExpressionSyntax { Name.Identifier.ValueText: "Result" } access when access.Expression == value && call.Parent == access:
                    value = access;
                    break;
                case MemberAccessExpressionSyntax { Name.Identifier.ValueText: "ConfigureAwait" or "GetAwaiter" or "GetResult" or "EnsureSuccessStatusCode", Parent: InvocationExpressionSyntax next } access when access.Expression == value:
                    value = next;
                    break;
                default:
                    return value;
            }
        }
    }

    public static bool IsTask(ExpressionSyntax value, SemanticModel model, CancellationToken cancellationToken)
        => model.GetTypeInfo(value, cancellationToken).Type?.Name is "Task" or "ValueTask" or "ConfiguredTaskAwaitable" or null;

    public static string FreeName(string name, SyntaxNode place, SemanticModel model)
    {
        var taken = place.FirstAncestorOrSelf<MemberDeclarationSyntax>()?.DescendantTokens().Select(token => token.ValueText).ToImmutableHashSet();
        for (var number = 1; ; number++)
        {
            var candidate = number == 1 ? name : name + number;
            if (taken?.Contains(candidate) != true || (number == 1 && model.LookupSymbols(place.SpanStart, name: candidate).IsEmpty && !taken.Contains(candidate)))
            {
                return candidate;
            }
        }
    }
}
