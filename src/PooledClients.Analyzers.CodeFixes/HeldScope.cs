using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;
using PooledClients.Analyzers.Responses;

namespace PooledClients.Analyzers.CodeFixes;

/// <summary>Tells whether all is over with a response or a call when its block is, and whether it may be moved before its statement.</summary>
internal static class HeldScope
{
    /// <summary>It is neither returned nor stored nor passed on, no other function has it, and whatever it is asked for is waited for.</summary>
    public static bool EndsHere(IInvocationOperation call)
    {
        var flow = ValueFlow.Follow(call, StreamingCall.IsBegunBy(call.TargetMethod) ? StreamRules.Instance : ResponseRules.Instance);
        var function = call.EnclosingFunction();
        return !flow.Has(UseKind.Kept) && !flow.Has(UseKind.Given) && !flow.Has(UseKind.Passed)
            && flow.Aliases.All(alias => alias.EnclosingFunction() == function && IsWaitedFor(alias, flow));
    }

    /// <summary>What stands on the right of an operator that may leave it out is not always evaluated, nor is the body of a lambda.</summary>
    public static bool IsAlwaysEvaluated(SyntaxNode value, SyntaxNode within)
    {
        for (var (below, node) = (value, value.Parent); node is not null && below != within; (below, node) = (node, node.Parent))
        {
            var skips = node switch
            {
                BinaryExpressionSyntax binary => binary.Right == below && binary.Kind() is SyntaxKind.LogicalAndExpression or SyntaxKind.LogicalOrExpression or SyntaxKind.CoalesceExpression,
                AssignmentExpressionSyntax assignment => assignment.IsKind(SyntaxKind.CoalesceAssignmentExpression) && assignment.Right == below,
                ConditionalExpressionSyntax choice => choice.Condition != below,
                ConditionalAccessExpressionSyntax access => access.WhenNotNull == below,
                SwitchExpressionArmSyntax or AnonymousFunctionExpressionSyntax or QueryExpressionSyntax => true,
                _ => false,
            };
            if (skips)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsWaitedFor(IOperation alias, FlowResult flow)
    {
        var user = alias.Parent is IArgumentOperation argument ? argument.Parent : alias.Parent;
        return user switch
        {
            IInvocationOperation used => flow.Aliases.Contains(used) || !IsTask(used.Type) || IsAwaited(used),
            IPropertyReferenceOperation { Property.Name: "RequestStream" } writer => writer.Parent is IInvocationOperation write && write.Instance == writer && IsAwaited(write),
            IPropertyReferenceOperation used => flow.Aliases.Contains(used) || !IsTask(used.Type) || IsAwaited(used),
            _ => true,
        };
    }

    private static bool IsTask(ITypeSymbol? type) => type?.Name is "Task" or "ValueTask" or "IAsyncEnumerable";

    private static bool IsAwaited(IOperation task) => task.Parent switch
    {
        IAwaitOperation => true,
        IPropertyReferenceOperation { Property.Name: "Result" } => true,
        IInvocationOperation { TargetMethod.Name: "GetAwaiter" or "Wait" } => true,
        IInvocationOperation { TargetMethod.Name: "ConfigureAwait" or "WaitAsync" } next => IsAwaited(next),
        IConditionalAccessOperation access => IsAwaited(access),
        _ => false,
    };
}
