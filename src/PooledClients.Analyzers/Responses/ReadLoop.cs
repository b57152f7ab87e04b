using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>Tells loops that read a stream to its end from those that may stop before.</summary>
internal static class ReadLoop
{
    /// <summary>Tells whether a call of MoveNext is what a loop ends by, and all it ends by.</summary>
    public static bool IsToTheEnd(IInvocationOperation moveNext)
    {
        foreach (var ancestor in moveNext.Ancestors())
        {
            switch (ancestor)
            {
                case IAnonymousFunctionOperation or ILocalFunctionOperation:
                    return false;
                case IWhileLoopOperation loop:
                    return Contains(loop.Condition, moveNext) ? !LeavesEarly(loop) : IsEndlessUntil(loop, moveNext);
                case IForLoopOperation loop:
                    return Contains(loop.Condition, moveNext) && !LeavesEarly(loop);
            }
        }

        return false;
    }

    public static bool LeavesEarly(ILoopOperation loop) => Exits(loop, null);

    /// <summary>while (true) { if (!await stream.MoveNext()) break; … }</summary>
    private static bool IsEndlessUntil(IWhileLoopOperation loop, IInvocationOperation moveNext)
    {
        var check = moveNext.Ancestors().OfType<IConditionalOperation>().FirstOrDefault(condition => Contains(condition.Condition, moveNext));
        return check is not null && loop.Condition?.ConstantValue is { HasValue: true, Value: true } && !Exits(loop, check.Syntax);
    }

    private static bool Contains(IOperation? part, IOperation operation) => part?.Syntax.Span.Contains(operation.Syntax.Span) == true;

    private static bool Exits(ILoopOperation loop, SyntaxNode? except)
    {
        var body = loop.Body.Syntax;
        return body.DescendantNodesAndSelf(node => node == body || (node is not (AnonymousFunctionExpressionSyntax or LocalFunctionStatementSyntax) && node != except))
            .Any(node => node switch
            {
                ReturnStatementSyntax or GotoStatementSyntax => true,
                YieldStatementSyntax yield => yield.IsKind(SyntaxKind.YieldBreakStatement),
                BreakStatementSyntax => Breaks(node, loop.Syntax),
                _ => false,
            });
    }

    /// <summary>A break leaves the innermost loop or switch.</summary>
    private static bool Breaks(SyntaxNode statement, SyntaxNode loop)
    {
        var target = statement.Ancestors().FirstOrDefault(node => node is CommonForEachStatementSyntax or WhileStatementSyntax or DoStatementSyntax or ForStatementSyntax or SwitchStatementSyntax);
        return target == loop;
    }
}
