using System;
using System.Collections.Generic;
using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>
/// Knows a method of the same file that makes a new object in each call and only returns it: for its callers the call is the creation.
/// </summary>
internal static class FreshFactory
{
    public static bool Makes(IInvocationOperation call, Func<IOperation, bool> isCreation)
    {
        var method = call.TargetMethod.OriginalDefinition;
        if (method.MethodKind != MethodKind.Ordinary || method.IsVirtual || method.IsAbstract || method.IsOverride
            || !IsWanted(method.ReturnType)
            || method.DeclaringSyntaxReferences.Length != 1
            || call.SemanticModel is not { } model
            || method.DeclaringSyntaxReferences[0] is not { } declared || declared.SyntaxTree != model.SyntaxTree
            || model.GetOperation(declared.GetSyntax()) is not { } body)
        {
            return false;
        }

        List<IReturnOperation> returns = [.. body.Descendants().OfType<IReturnOperation>().Where(IsOwn)];
        return returns.Count > 0
            && returns.All(returned => returned.ReturnedValue is { } value && Sources(value).Any(isCreation))
            && body.Descendants().Where(isCreation).All(OnlyReturned);
    }

    private static bool IsWanted(ITypeSymbol type)
    {
        if (type is INamedTypeSymbol { TypeArguments: { Length: 1 } results, Name: "Task" or "ValueTask" })
        {
            type = results[0];
        }

        return type.Is("Grpc.Net.Client.GrpcChannel") || type.Is("Grpc.Core.ChannelBase") || type.Is("System.Net.Http.HttpClient");
    }

    private static bool IsOwn(IReturnOperation returned) => returned.Kind == OperationKind.Return && returned.EnclosingFunction() is null;

    /// <summary>What a value may be: itself, or what the variable it names was initialised with.</summary>
    private static IEnumerable<IOperation> Sources(IOperation value)
    {
        value = value.Unwrapped();
        if (value is not ILocalReferenceOperation local)
        {
            return [value];
        }

        return new MemberReferences(value).Root.Descendants().OfType<IVariableDeclaratorOperation>()
            .Where(declarator => SymbolEqualityComparer.Default.Equals(declarator.Symbol, local.Local) && declarator.Initializer is not null)
            .Select(declarator => declarator.Initializer!.Value.Unwrapped());
    }

    private static bool OnlyReturned(IOperation creation) => ValueFlow.Follow(creation, ChannelRules.Instance).Uses.All(use => use.Kind == UseKind.Kept && use.Value.User() is IReturnOperation);
}
