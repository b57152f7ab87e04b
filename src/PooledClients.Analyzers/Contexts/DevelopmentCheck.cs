using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Contexts;

/// <summary>Tells whether code runs only where the environment was asked and is development.</summary>
internal static class DevelopmentCheck
{
    private const int MaxDepth = 4;

    public static bool Guards(IOperation operation)
    {
        var below = operation;
        foreach (var ancestor in operation.Ancestors())
        {
            var guarded = ancestor switch
            {
                IConditionalOperation condition when below == condition.WhenTrue => Means(condition.Condition, true),
                IConditionalOperation condition when below == condition.WhenFalse => Means(condition.Condition, false),
                IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd } both when below == both.RightOperand => Means(both.LeftOperand, true),
                ISwitchExpressionArmOperation { Parent: ISwitchExpressionOperation { Value: var value } } arm when below == arm.Value => IsCase(arm.Pattern, arm.Guard, value),
                ISwitchCaseOperation { Parent: ISwitchOperation { Value: var value } } section when section.Body.Contains(below) => section.Clauses.All(clause => IsCase(clause, value)),
                IBlockOperation block => IsAfterReturn(block, below),
                _ => false,
            };
            if (guarded)
            {
                return true;
            }

            below = ancestor;
        }

        return false;
    }

    /// <summary>if (!env.IsDevelopment()) return; …</summary>
    private static bool IsAfterReturn(IBlockOperation block, IOperation statement)
    {
        return block.Operations.TakeWhile(operation => operation != statement).OfType<IConditionalOperation>()
            .Any(condition => condition.WhenFalse is null && Means(condition.Condition, false) && Leaves(condition.WhenTrue));
    }

    private static bool Leaves(IOperation operation) => operation switch
    {
        IReturnOperation or IThrowOperation or IBranchOperation => true,
        IExpressionStatementOperation { Operation: IThrowOperation } => true,
        IBlockOperation { Operations: { Length: > 0 } statements } => Leaves(statements[statements.Length - 1]),
        _ => false,
    };

    private static bool IsCase(ICaseClauseOperation clause, IOperation value) => clause switch
    {
        ISingleValueCaseClauseOperation single => IsCase(single.Value, value),
        IPatternCaseClauseOperation pattern => IsCase(pattern.Pattern, pattern.Guard, value),
        _ => false,
    };

    private static bool IsCase(IPatternOperation pattern, IOperation? guard, IOperation value)
        => (guard is not null && Means(guard, true)) || (pattern is IConstantPatternOperation constant && IsCase(constant.Value, value));

    private static bool IsCase(IOperation constant, IOperation value)
        => IsDevelopmentName(constant) || (constant.ConstantValue is { HasValue: true, Value: bool outcome } && Means(value, outcome));

    /// <summary>Tells whether a condition has this outcome only in development.</summary>
    private static bool Means(IOperation condition, bool outcome, int depth = 0) => condition.Unwrapped() switch
    {
        IUnaryOperation { OperatorKind: UnaryOperatorKind.Not } negation => Means(negation.Operand, !outcome, depth),
        IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalAnd or BinaryOperatorKind.And } both => outcome
            ? Means(both.LeftOperand, true, depth) || Means(both.RightOperand, true, depth)
            : Means(both.LeftOperand, false, depth) && Means(both.RightOperand, false, depth),
        IBinaryOperation { OperatorKind: BinaryOperatorKind.ConditionalOr or BinaryOperatorKind.Or } either => outcome
            ? Means(either.LeftOperand, true, depth) && Means(either.RightOperand, true, depth)
            : Means(either.LeftOperand, false, depth) || Means(either.RightOperand, false, depth),
        IBinaryOperation { OperatorKind: BinaryOperatorKind.Equals } comparison => outcome && IsDevelopmentName(comparison),
        IBinaryOperation { OperatorKind: BinaryOperatorKind.NotEquals } comparison => !outcome && IsDevelopmentName(comparison),
        IIsPatternOperation { Pattern: IConstantPatternOperation constant } pattern => outcome && IsCase(constant.Value, pattern.Value),
        IIsPatternOperation { Pattern: INegatedPatternOperation { Pattern: IConstantPatternOperation constant } } pattern => !outcome && IsCase(constant.Value, pattern.Value),
        IInvocationOperation call => outcome && IsQuestion(call),
        ILocalReferenceOperation local when depth < MaxDepth => new MemberReferences(local).Root.Descendants().OfType<IVariableDeclaratorOperation>()
            .Any(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local.Local) && declarator.Initializer is { } initial
                && Means(initial.Value, outcome, depth + 1)),
        IPropertyReferenceOperation { Property.Name: "IsDevelopment" } or IParameterReferenceOperation { Parameter.Name: "isDevelopment" } => outcome,
        IFieldReferenceOperation field => outcome && field.Field.Name.TrimStart('_') is "isDevelopment" or "IsDevelopment",
        _ => false,
    };

    private static bool IsQuestion(IInvocationOperation call)
    {
        return call.TargetMethod.Name == "IsDevelopment"
            || (call.TargetMethod.Name is "IsEnvironment" or "Equals" && call.Arguments.Any(argument => argument.Value.ConstantValue is { HasValue: true, Value: "Development" }
                || argument.Value is IFieldReferenceOperation { Field: { Name: "Development", ContainingType.Name: "Environments" } }));
    }

    private static bool IsDevelopmentName(IBinaryOperation comparison) => IsDevelopmentName(comparison.LeftOperand) || IsDevelopmentName(comparison.RightOperand);

    private static bool IsDevelopmentName(IOperation operand)
    {
        return operand.Unwrapped().ConstantValue is { HasValue: true, Value: "Development" }
            || operand.Unwrapped() is IFieldReferenceOperation { Field: { Name: "Development", ContainingType.Name: "Environments" } };
    }
}
