using System.Collections.Generic;
using System.Linq;
using System.Threading;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Certificates;

/// <summary>Tells whether a function returns true whatever it is given.</summary>
internal static class AlwaysTrue
{
    private const int MaxDepth = 4;

    public static bool Is(IOperation function, CancellationToken cancellationToken) => function switch
    {
        IAnonymousFunctionOperation lambda => Returns(lambda.Body, 0, cancellationToken),
        IMethodReferenceOperation reference => IsMethod(reference.Method, reference, 0, cancellationToken),
        _ => false,
    };

    private static bool IsMethod(IMethodSymbol method, IOperation use, int depth, CancellationToken cancellationToken)
    {
        method = method.OriginalDefinition;
        if (depth >= MaxDepth || method.IsAbstract || method.IsVirtual || method.IsOverride || method.DeclaringSyntaxReferences.Length != 1)
        {
            return false;
        }

        var declared = method.DeclaringSyntaxReferences[0].GetSyntax(cancellationToken);
        if (use.SemanticModel is { } model && model.SyntaxTree == declared.SyntaxTree)
        {
            return model.GetOperation(declared, cancellationToken) switch
            {
                ILocalFunctionOperation { Body: { } body } => Returns(body, depth, cancellationToken),
                IMethodBodyOperation body => (body.BlockBody ?? body.ExpressionBody) is { } block && Returns(block, depth, cancellationToken),
                _ => false,
            };
        }

        // In another file only what can be read without binding counts.
        return declared switch
        {
            MethodDeclarationSyntax { ExpressionBody: { } arrow } => arrow.Expression.IsKind(SyntaxKind.TrueLiteralExpression),
            MethodDeclarationSyntax { Body: { } body } => body.Statements is { Count: 1 } statements
                && statements[0] is ReturnStatementSyntax { Expression: { } value } && value.IsKind(SyntaxKind.TrueLiteralExpression),
            _ => false,
        };
    }

    private static bool Returns(IBlockOperation body, int depth, CancellationToken cancellationToken)
    {
        var function = body.EnclosingFunction();
        List<IOperation> own = [.. body.Descendants().Where(part => part.EnclosingFunction() == function)];
        List<IReturnOperation> returns = [.. own.OfType<IReturnOperation>()];
        return returns.Count > 0
            && returns.All(returned => returned.ReturnedValue is { } value && IsTrue(value, depth, cancellationToken))
            && !own.Any(part => Refusal.Is(part, cancellationToken));
    }

    private static bool IsTrue(IOperation value, int depth, CancellationToken cancellationToken)
    {
        bool IsTrue(IOperation part) => AlwaysTrue.IsTrue(part, depth, cancellationToken);

        if (value.ConstantValue is { HasValue: true, Value: var constant })
        {
            return constant is true;
        }

        return value.Unwrapped() switch
        {
            IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalOr or BinaryOperatorKind.Or } either => IsTrue(either.LeftOperand) || IsTrue(either.RightOperand),
            IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.And } both => IsTrue(both.LeftOperand) && IsTrue(both.RightOperand),
            IConditionalOperation { WhenFalse: { } other } choice => IsTrue(choice.WhenTrue) && IsTrue(other),
            ISwitchExpressionOperation choice => choice.Arms.Length > 0 && choice.Arms.All(arm => IsTrue(arm.Value)),
            IIsPatternOperation { Pattern: IDiscardPatternOperation } => true,
            ILocalReferenceOperation local => LocalValues.Of(local) is { Count: > 0 } values && values.All(given => given.ConstantValue is { HasValue: true, Value: true }),
            IInvocationOperation call => IsMethod(call.TargetMethod, call, depth + 1, cancellationToken),
            _ => false,
        };
    }
}
