using System;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Certificates;

/// <summary>Knows how a callback says no without returning false: it throws, or calls what does.</summary>
internal static class Refusal
{
    private static readonly string[] Names = ["Throw", "Ensure", "Verify", "Validate", "Check", "Assert", "Require", "Demand"];

    public static bool Is(IOperation operation, CancellationToken cancellationToken) => operation switch
    {
        IThrowOperation thrown => thrown.Exception is not null,
        IInvocationOperation { TargetMethod: { ReturnsVoid: true } method } => SaysSo(method) || Throws(method, cancellationToken),
        _ => false,
    };

    /// <summary>A check for null lets every certificate through, and a debug assertion is for tests.</summary>
    private static bool SaysSo(IMethodSymbol method)
    {
        return Names.Any(name => method.Name.StartsWith(name, StringComparison.Ordinal))
            && !method.Name.StartsWith("ThrowIfNull", StringComparison.Ordinal) && method.Name != "ThrowIfCancellationRequested" && method.ContainingType?.Name != "Debug";
    }

    private static bool Throws(IMethodSymbol method, CancellationToken cancellationToken)
    {
        return method.DeclaringSyntaxReferences.Any(declared => declared.GetSyntax(cancellationToken).DescendantNodes()
            .Any(node => node is ThrowStatementSyntax { Expression: not null } or ThrowExpressionSyntax));
    }
}
