using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>
/// Knows a method or a property of the same file that makes a new object each time and only returns it: for its users the call is the
/// creation. A stub over a new channel counts, and so does a method that returns what such a one makes.
/// </summary>
internal sealed class FreshFactory(Func<IOperation, bool> isCreation)
{
    private const int MaxDepth = 4;

    /// <summary>Tells whether a call, or the reading of a property, makes an object. What a local function makes is followed from within it.</summary>
    public bool Makes(IOperation operation)
        => operation is not IInvocationOperation { TargetMethod.MethodKind: MethodKind.LocalFunction } && IsFactory(operation, 0);

    /// <summary>The same, of local functions too.</summary>
    public bool MakesHere(IOperation operation) => IsFactory(operation, 0);

    private bool IsFactory(IOperation operation, int depth)
    {
        if (depth >= MaxDepth || Method(operation) is not { } method || !IsWanted(method.ReturnType) || Body(method, operation) is not { } body)
        {
            return false;
        }

        var function = body as ILocalFunctionOperation;
        return AllFresh(body.Descendants().OfType<IReturnOperation>()
                .Where(returned => returned.Kind == OperationKind.Return && returned.EnclosingFunction() == function && returned.ReturnedValue is not null)
                .Select(returned => returned.ReturnedValue!), depth)
            && body.Descendants().Where(part => isCreation(part) || IsFactory(part, depth + 1)).All(creation => OnlyReturned(creation, function is not null));
    }

    private static IMethodSymbol? Method(IOperation operation)
    {
        var method = operation switch
        {
            IInvocationOperation { TargetMethod: { MethodKind: MethodKind.Ordinary or MethodKind.LocalFunction } called } => called,
            IPropertyReferenceOperation property when !IsTarget(property) => property.Property.GetMethod,
            _ => null,
        };
        return method is { IsVirtual: false, IsAbstract: false, IsOverride: false } ? method.OriginalDefinition : null;
    }

    private static bool IsTarget(IPropertyReferenceOperation property)
        => property.Parent is INameOfOperation || (property.Parent is IAssignmentOperation assignment && assignment.Target == property);

    private static IOperation? Body(IMethodSymbol method, IOperation use)
    {
        return method.DeclaringSyntaxReferences is { Length: 1 } declared && use.SemanticModel is { } model && declared[0].SyntaxTree == model.SyntaxTree
            ? model.GetOperation(declared[0].GetSyntax())
            : null;
    }

    private static bool IsWanted(ITypeSymbol type)
        => ChannelRules.Holds(type is INamedTypeSymbol { TypeArguments: { Length: 1 } results, Name: "Task" or "ValueTask" } ? results[0] : type);

    /// <summary>Throws and null aside, and there must be something beside them.</summary>
    private bool AllFresh(IEnumerable<IOperation> values, int depth)
    {
        List<IOperation> made = [.. values.Select(value => value.Unwrapped()).Where(value => value is not IThrowOperation && value.ConstantValue is not { HasValue: true, Value: null })];
        return made.Count > 0 && made.All(value => IsFresh(value, depth));
    }

    private bool IsFresh(IOperation value, int depth)
    {
        value = value.Unwrapped();
        if (isCreation(value))
        {
            return true;
        }

        return depth < MaxDepth && value switch
        {
            IAwaitOperation awaiting => IsFresh(awaiting.Operation, depth),
            IConditionalOperation { WhenFalse: { } other } choice => AllFresh([choice.WhenTrue, other], depth),
            ISwitchExpressionOperation choice => AllFresh(choice.Arms.Select(arm => arm.Value), depth),
            ILocalReferenceOperation local => LocalValues.Of(local) is { } values && AllFresh(values, depth + 1),
            IObjectCreationOperation wrapper => ChannelRules.Holds(wrapper.Type) && wrapper.Arguments.Any(argument => IsFresh(argument.Value, depth)),
            IInvocationOperation call when ChannelRules.Holds(call.Type) && Receiver(call) is { } receiver && IsFresh(receiver, depth) => true,
            _ => IsFactory(value, depth + 1),
        };
    }

    private static IOperation? Receiver(IInvocationOperation call)
        => call.Instance ?? (call.TargetMethod.IsExtensionMethod ? call.Arguments.FirstOrDefault()?.Value : null);

    /// <summary>Nobody else has it. What a local function returns is followed on to where it is called, and may be used and disposed there.</summary>
    private static bool OnlyReturned(IOperation creation, bool isLocal)
    {
        return ValueFlow.Follow(creation, ChannelRules.Instance).Uses.All(use => use.Kind switch
        {
            UseKind.Kept => use.Value.User() is IReturnOperation,
            UseKind.Given => false,
            UseKind.Released => true,
            _ => isLocal,
        });
    }
}
