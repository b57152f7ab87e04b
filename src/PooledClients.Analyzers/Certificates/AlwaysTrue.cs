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
    public static bool Is(IOperation function, CancellationToken cancellationToken) => function switch
    {
        IAnonymousFunctionOperation lambda => Returns(lambda.Body),
        IMethodReferenceOperation reference => IsMethod(reference, cancellationToken),
        _ => false,
    };

    private static bool IsMethod(IMethodReferenceOperation reference, CancellationToken cancellationToken)
    {
        var method = reference.Method.OriginalDefinition;
        if (method.IsAbstract || method.IsVirtual || method.DeclaringSyntaxReferences.Length != 1)
        {
            return false;
        }

        var declared = method.DeclaringSyntaxReferences[0].GetSyntax(cancellationToken);
        if (reference.SemanticModel is { } model && model.SyntaxTree == declared.SyntaxTree)
        {
            return model.GetOperation(declared, cancellationToken) switch
            {
                ILocalFunctionOperation { Body: { } body } => Returns(body),
                IMethodBodyOperation body => (body.BlockBody ?? body.ExpressionBody) is { } block && Returns(block),
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

    private static bool Returns(IBlockOperation body)
    {
        List<IReturnOperation> returns = [.. Own(body)];
        return returns.Count > 0 && returns.All(returned => returned.ReturnedValue is { } value && IsTrue(value, body));
    }

    private static IEnumerable<IReturnOperation> Own(IBlockOperation body)
    {
        var function = body.EnclosingFunction();
        return body.Descendants().OfType<IReturnOperation>().Where(returned => returned.EnclosingFunction() == function);
    }

    private static bool IsTrue(IOperation value, IBlockOperation body)
    {
        if (value.ConstantValue is { HasValue: true, Value: var constant })
        {
            return constant is true;
        }

        return value.Unwrapped() switch
        {
            IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalOr or BinaryOperatorKind.Or } either => IsTrue(either.LeftOperand, body) || IsTrue(either.RightOperand, body),
            IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.And } both => IsTrue(both.LeftOperand, body) && IsTrue(both.RightOperand, body),
            IConditionalOperation { WhenFalse: { } other } choice => IsTrue(choice.WhenTrue, body) && IsTrue(other, body),
            ISwitchExpressionOperation choice => choice.Arms.Length > 0 && choice.Arms.All(arm => IsTrue(arm.Value, body)),
            IIsPatternOperation { Pattern: IDiscardPatternOperation } => true,
            ILocalReferenceOperation local => IsTrue(local, body),
            _ => false,
        };
    }

    /// <summary>A variable that is only ever given true.</summary>
    private static bool IsTrue(ILocalReferenceOperation local, IBlockOperation body)
    {
        List<IOperation> values = [];
        foreach (var operation in body.Descendants())
        {
            switch (operation)
            {
                case IVariableDeclaratorOperation { Initializer.Value: { } initial } declarator when Same(declarator.Symbol, local.Local):
                    values.Add(initial);
                    break;
                case ISimpleAssignmentOperation { Target: ILocalReferenceOperation target } assignment when Same(target.Local, local.Local):
                    values.Add(assignment.Value);
                    break;
                case ILocalReferenceOperation { Parent: ICompoundAssignmentOperation or IArgumentOperation { Parameter.RefKind: not RefKind.None } } use when Same(use.Local, local.Local):
                    return false;
            }
        }

        return values.Count > 0 && values.All(value => value.ConstantValue is { HasValue: true, Value: true });
    }

    private static bool Same(ISymbol left, ISymbol right) => SymbolEqualityComparer.Default.Equals(left, right);
}
