using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>
/// Follows a value, and what holds it, through the member that made it. Order does not matter to it: what it does not know counts
/// as leaving, so that a doubt is silent.
/// </summary>
internal sealed class ValueFlow
{
    private readonly ValueRules _rules;
    private readonly MemberReferences _references;
    private readonly HashSet<ISymbol> _variables = new(SymbolEqualityComparer.Default);
    private readonly HashSet<IOperation> _seen = [];
    private readonly Stack<IOperation> _pending = new();
    private readonly List<ValueUse> _uses = [];

    private ValueFlow(ValueRules rules, MemberReferences references)
    {
        _rules = rules;
        _references = references;
    }

    public static FlowResult Follow(IOperation value, ValueRules rules)
    {
        var references = new MemberReferences(value);
        var flow = new ValueFlow(rules, references);
        flow.Climb(value);
        while (flow._pending.Count > 0)
        {
            flow.Climb(flow._pending.Pop());
        }

        return new FlowResult(value, flow._uses, flow._seen, references.Root);
    }

    private void Climb(IOperation value)
    {
        for (var current = value; current is not null && _seen.Add(current);)
        {
            current = Above(current);
        }
    }

    /// <summary>Returns the operation above that still is the value, or null when this way has ended.</summary>
    private IOperation? Above(IOperation value)
    {
        switch (value.Parent)
        {
            case null or IExpressionStatementOperation or IBinaryOperation or IUnaryOperation or IIsTypeOperation or IInterpolationOperation or ILockOperation or IBlockOperation:
            case IConditionalOperation condition when condition.Condition == value:
            case IVariableDeclarationGroupOperation:
                return null;
            case ISwitchOperation choice:
                return Matched(choice.Cases.SelectMany(section => section.Clauses).OfType<IPatternCaseClauseOperation>().Select(clause => clause.Pattern), value);
            case IConversionOperation { OperatorMethod: null } or IParenthesizedOperation or ICoalesceOperation or IConditionalOperation or IDelegateCreationOperation:
                return value.Parent;
            case IAwaitOperation awaiting:
                return Take(_rules.OnAwaited(value), value, awaiting);
            case ISwitchExpressionArmOperation arm:
                return arm.Value == value ? arm.Parent : null;
            case ISwitchExpressionOperation choice:
                return Matched(choice.Arms.Select(arm => arm.Pattern), value);
            case IConditionalAccessOperation access:
                return access.WhenNotNull == value ? access : Into(access);
            case IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }:
                return Variable(declarator.Symbol, value);
            case ISimpleAssignmentOperation assignment:
                return assignment.Value == value ? Assigned(assignment.Target, value, assignment) : null;
            case ICoalesceAssignmentOperation assignment:
                return assignment.Value == value ? Assigned(assignment.Target, value, assignment) : assignment;
            case ITupleOperation tuple:
                return Deconstructed(tuple, value);
            case IIsPatternOperation pattern:
                return Matched([pattern.Pattern], value);
            case IUsingOperation:
                return Use(UseKind.Using, value);
            case IForEachLoopOperation loop:
                return Take(_rules.OnEnumerated(loop), value, null);
            case IReturnOperation returned:
                return Returned(returned, value);
            case IArgumentOperation argument:
                return Argument(argument, value);
            case IInvocationOperation call when call.Instance == value:
                return Take(_rules.OnReceiver(call, value), value, call);
            case IPropertyReferenceOperation property when property.Instance == value:
                return Take(_rules.OnProperty(property), value, property);
            case IFieldReferenceOperation:
                return null;
            case { IsImplicit: true } list when Spread(list) is { } argument:
                return Argument(argument, value);
            default:
                return Use(UseKind.Kept, value);
        }
    }

    private IOperation? Take(Step step, IOperation value, IOperation? result) => step switch
    {
        Step.Alias => result,
        Step.Kept => Use(UseKind.Kept, value),
        Step.Passed => Use(UseKind.Passed, value),
        Step.Released => Use(UseKind.Released, value),
        _ => null,
    };

    private IOperation? Use(UseKind kind, IOperation value)
    {
        _uses.Add(new ValueUse(kind, value));
        return null;
    }

    private IOperation? Into(IConditionalAccessOperation access)
    {
        foreach (var operation in access.WhenNotNull.DescendantsAndSelf())
        {
            if (operation is IConditionalAccessInstanceOperation && operation.Syntax == access.Operation.Syntax)
            {
                _pending.Push(operation);
            }
        }

        return null;
    }

    private IOperation? Assigned(IOperation target, IOperation value, IOperation assignment)
    {
        switch (target)
        {
            case ILocalReferenceOperation { Local.RefKind: RefKind.None } local:
                Variable(local.Local, value);
                return assignment;
            case IParameterReferenceOperation { Parameter.RefKind: RefKind.None } parameter when !parameter.Parameter.IsField():
                Variable(parameter.Parameter, value);
                return assignment;
            case IDiscardOperation:
                return null;
            case IPropertyReferenceOperation property when _rules.OnStored(property) == Step.Alias:
                return Holder(property);
            default:
                return Use(UseKind.Kept, value);
        }
    }

    /// <summary>The object whose property now holds the value: the one being made, or a variable.</summary>
    private IOperation? Holder(IPropertyReferenceOperation property)
    {
        switch (property.Instance)
        {
            case IInstanceReferenceOperation { ReferenceKind: InstanceReferenceKind.ImplicitReceiver }:
                foreach (var ancestor in property.Ancestors())
                {
                    if (ancestor is IObjectOrCollectionInitializerOperation { Parent: IObjectCreationOperation creation })
                    {
                        return creation;
                    }
                }

                return Use(UseKind.Kept, property);
            case ILocalReferenceOperation local:
                return Variable(local.Local, property);
            default:
                return Use(UseKind.Kept, property);
        }
    }

    private IOperation? Variable(ISymbol variable, IOperation value)
    {
        if (!_variables.Add(variable))
        {
            return null;
        }

        if (variable is ILocalSymbol { RefKind: not RefKind.None })
        {
            return Use(UseKind.Kept, value);
        }

        if (variable is ILocalSymbol { IsUsing: true })
        {
            Use(UseKind.Using, value);
        }

        foreach (var reference in _references.To(variable))
        {
            if (reference.Parent is ISimpleAssignmentOperation assignment && assignment.Target == reference)
            {
                continue;
            }

            if (DelegateLife.IsLong(reference, variable, _references))
            {
                Use(UseKind.Given, reference);
            }

            _pending.Push(reference);
        }

        return null;
    }

    private IOperation? Deconstructed(ITupleOperation tuple, IOperation value)
    {
        var index = tuple.Elements.IndexOf(value);
        var user = tuple.User();
        var target = (user as IDeconstructionAssignmentOperation)?.Target;
        target = target is IDeclarationExpressionOperation declaration ? declaration.Expression : target;
        if (target == tuple || user is IDeclarationExpressionOperation)
        {
            return null;
        }

        if (target is not ITupleOperation targets || index < 0 || index >= targets.Elements.Length)
        {
            return Use(UseKind.Kept, value);
        }

        var element = targets.Elements[index];
        element = element is IDeclarationExpressionOperation inner ? inner.Expression : element;
        Assigned(element, value, element);
        return null;
    }

    /// <summary>Whatever object a pattern names, deep in it too, may be the value or hold it.</summary>
    private IOperation? Matched(IEnumerable<IPatternOperation> patterns, IOperation value)
    {
        foreach (var part in patterns.SelectMany(pattern => pattern.DescendantsAndSelf()))
        {
            var declared = part switch
            {
                IDeclarationPatternOperation declaration => declaration.DeclaredSymbol,
                IRecursivePatternOperation recursive => recursive.DeclaredSymbol,
                IListPatternOperation list => list.DeclaredSymbol,
                _ => null,
            };
            if (declared is ILocalSymbol { Type: { IsValueType: false, SpecialType: not SpecialType.System_String } })
            {
                Variable(declared, value);
            }
        }

        return null;
    }

    /// <summary>A value that a lambda or a local function returns goes on where that is called; if it is not only called, it is kept.</summary>
    private IOperation? Returned(IReturnOperation returned, IOperation value)
    {
        if (returned.Kind == OperationKind.Return
            && returned.EnclosingFunction() is { } function
            && DelegateLife.Calls(function, _references) is { } calls)
        {
            foreach (var call in calls)
            {
                _pending.Push(call);
            }

            return null;
        }

        return Use(UseKind.Kept, value);
    }

    /// <summary>The argument of a params parameter whose array or span the compiler makes.</summary>
    private static IArgumentOperation? Spread(IOperation? list)
    {
        while (list is { IsImplicit: true } and not IArgumentOperation)
        {
            list = list.Parent;
        }

        return list is IArgumentOperation { Parameter.IsParams: true } argument ? argument : null;
    }

    private IOperation? Argument(IArgumentOperation argument, IOperation value)
    {
        if (argument.Parameter is null or { RefKind: RefKind.Out or RefKind.Ref } || argument.Parent is not { } owner)
        {
            return Use(UseKind.Kept, value);
        }

        if (owner is IInvocationOperation { TargetMethod.IsExtensionMethod: true, Instance: null } call && argument.Parameter.Ordinal == 0)
        {
            return Take(_rules.OnReceiver(call, value), value, call);
        }

        var step = _rules.OnArgument(argument, owner);
        return step == Step.Kept ? Use(UseKind.Given, value) : Take(step, value, owner);
    }
}
