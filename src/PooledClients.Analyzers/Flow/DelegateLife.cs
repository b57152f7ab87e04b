using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;

namespace PooledClients.Analyzers.Flow;

/// <summary>Tells whether a lambda or local function is over when its member is, or may live on.</summary>
internal static class DelegateLife
{
    private const int MaxDepth = 4;

    private static readonly string[] Registrations = ["Add", "Map", "Use", "Register", "On", "Subscribe", "Configure", "Set", "With", "TryAdd"];

    /// <summary>Tells whether a reference to a variable lies in a delegate that may live on.</summary>
    public static bool IsLong(IOperation reference, ISymbol variable, MemberReferences references)
    {
        for (var function = reference.EnclosingFunction(); function is not null; function = function.EnclosingFunction())
        {
            if (SymbolEqualityComparer.Default.Equals(Symbol(function), variable.ContainingSymbol))
            {
                return false;
            }

            if (IsLong(function, references, 0))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The calls of a function that is only called, or null when it is used in another way.</summary>
    public static IReadOnlyList<IOperation>? Calls(IOperation function, MemberReferences references)
    {
        if (function is ILocalFunctionOperation local)
        {
            var uses = references.To(local.Symbol.OriginalDefinition);
            return uses.All(use => use is IInvocationOperation) ? uses : null;
        }

        if (function.User() is IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator })
        {
            var uses = references.To(declarator.Symbol);
            return uses.All(use => use.Parent is IInvocationOperation call && call.Instance == use) ? [.. uses.Select(use => use.Parent!)] : null;
        }

        return function.User() is IInvocationOperation { TargetMethod.MethodKind: MethodKind.DelegateInvoke } direct ? [direct] : null;
    }

    private static ISymbol? Symbol(IOperation function)
        => function is IAnonymousFunctionOperation lambda ? lambda.Symbol : (function as ILocalFunctionOperation)?.Symbol;

    private static bool IsLong(IOperation function, MemberReferences references, int depth)
    {
        if (depth > MaxDepth)
        {
            return true;
        }

        if (function is ILocalFunctionOperation local)
        {
            return references.To(local.Symbol.OriginalDefinition).Any(use => use is not IInvocationOperation && IsLong(use, references, depth + 1));
        }

        switch (function.User())
        {
            case IVariableInitializerOperation { Parent: IVariableDeclaratorOperation declarator }:
                return references.To(declarator.Symbol).Any(use => IsLong(use, references, depth + 1));
            case ISimpleAssignmentOperation { Target: ILocalReferenceOperation target } assignment:
                return assignment.Target != function && references.To(target.Local).Any(use => use != target && IsLong(use, references, depth + 1));
            case IInvocationOperation { TargetMethod.MethodKind: MethodKind.DelegateInvoke }:
                return false;
            case IArgumentOperation { Parent: IInvocationOperation call }:
                return !IsShort(call);
            default:
                return true;
        }
    }

    /// <summary>Tells whether a method is done with its delegate when it is over, or its task is.</summary>
    private static bool IsShort(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        if (method.ContainingType.Is("System.Linq.Enumerable") || method.ContainingType.Is("System.Threading.Tasks.Parallel")
            || (method.ContainingType.Is("System.Threading.Tasks.Task") && method.Name == "Run")
            || (method.ContainingType.Is("System.Threading.Tasks.TaskFactory") && method.Name == "StartNew")
            || method.Name.StartsWith("Execute", System.StringComparison.Ordinal) || method.Name is "ForEach" or "Invoke" or "ForEachAsync")
        {
            return true;
        }

        return IsAwaited(call) && !Registrations.Any(prefix => method.Name.StartsWith(prefix, System.StringComparison.Ordinal));
    }

    private static bool IsAwaited(IOperation call)
    {
        return call.Parent is IAwaitOperation
            || (call.Parent is IInvocationOperation { TargetMethod.Name: "ConfigureAwait" or "WaitAsync" } next && IsAwaited(next));
    }
}
