using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Channels;

/// <summary>What holds a channel, an HTTP client or a handler: stubs, call invokers, wrappers; and what keeps one for longer.</summary>
internal class ChannelRules : ValueRules
{
    public static readonly ChannelRules Instance = new();

    private static readonly string[] Keepers = ["Add", "TryAdd", "Insert", "Enqueue", "Push", "Set", "Register", "Append", "GetOrAdd", "AddOrUpdate", "Write", "TryWrite", "Track", "With", "Use"];

    public override Step OnReceiver(IInvocationOperation call, IOperation value)
    {
        var method = call.TargetMethod;
        if (IsDisposal(method))
        {
            return Step.Released;
        }

        if (GivesResult(method) || Holds(method.ReturnType))
        {
            return Step.Alias;
        }

        if (!method.IsExtensionMethod)
        {
            return Step.Nothing;
        }

        return method.ReturnType.SpecialType != SpecialType.None || method.ReturnType.IsValueType || IsTask(method.ReturnType) || IsPlain(method)
            ? Step.Nothing
            : method.ReturnType is ITypeParameterSymbol || method.TypeArguments.Length > 0 ? Step.Alias : Step.Passed;
    }

    public override Step OnArgument(IArgumentOperation argument, IOperation owner)
    {
        switch (owner)
        {
            case IObjectCreationOperation creation:
                return Holds(creation.Type) || creation.Type?.Name.EndsWith("Client", System.StringComparison.Ordinal) == true ? Step.Alias : Step.Passed;
            case IInvocationOperation call when OnlyLooks(call.TargetMethod):
                return Step.Nothing;
            case IInvocationOperation { TargetMethod.Name: "ForAddress" or "Intercept" }:
                return Step.Alias;
            case IInvocationOperation call:
                return Keeps(call.TargetMethod) ? Step.Kept : Step.Passed;
            default:
                return Step.Kept;
        }
    }

    public override Step OnStored(IPropertyReferenceOperation target)
    {
        return target.Property.Name is "InnerHandler" or "HttpHandler" or "HttpClient" && (Holds(target.Property.ContainingType))
            ? Step.Alias
            : Step.Kept;
    }

    /// <summary>Tells whether an object of a type holds the connections of what it was made from.</summary>
    public static bool Holds(ITypeSymbol? type)
    {
        return type.DerivesFrom("Grpc.Core.ChannelBase")
            || type.DerivesFrom("Grpc.Core.CallInvoker")
            || type.DerivesFrom("Grpc.Core.ClientBase")
            || type.DerivesFrom("System.Net.Http.HttpMessageInvoker")
            || type.DerivesFrom("System.Net.Http.HttpMessageHandler")
            || type.Is("Grpc.Net.Client.GrpcChannelOptions");
    }

    private static bool IsTask(ITypeSymbol type) => type.Name is "Task" or "ValueTask" or "IAsyncEnumerable";

    private static bool IsPlain(IMethodSymbol method)
        => method.ContainingNamespace?.ToDisplayString() is "System.Net.Http.Json" or "System.Net.Http";

    private static bool Keeps(IMethodSymbol method)
    {
        foreach (var keeper in Keepers)
        {
            if (method.Name.StartsWith(keeper, System.StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
