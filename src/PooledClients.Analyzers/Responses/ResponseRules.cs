using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>What holds a response: its task, its content, the stream of that and a reader over it. Who is given one answers for it, unless known only to read.</summary>
internal sealed class ResponseRules : ValueRules
{
    public static readonly ResponseRules Instance = new();

    public override Step OnReceiver(IInvocationOperation call, IOperation value)
    {
        var method = call.TargetMethod;
        if (IsDisposal(method) || method.Name == "LoadIntoBufferAsync")
        {
            return Step.Released;
        }

        if (GivesResult(method) || method.Name is "EnsureSuccessStatusCode" or "ReadAsStreamAsync" or "ReadAsStream")
        {
            return Step.Alias;
        }

        return method.Name == "ContinueWith" || (method.IsExtensionMethod && !StreamReading.IsCopy(method) && method.ContainingNamespace?.ToDisplayString() != "System.Net.Http.Json")
            ? Step.Passed
            : Step.Nothing;
    }

    public override Step OnProperty(IPropertyReferenceOperation property)
        => property.Property.Name is "Result" or "Content" or "BaseStream" ? Step.Alias : Step.Nothing;

    public override Step OnArgument(IArgumentOperation argument, IOperation owner) => owner switch
    {
        IObjectCreationOperation creation when StreamReading.Wraps(creation.Type) => Step.Alias,
        IInvocationOperation call when OnlyLooks(call.TargetMethod) || StreamReading.IsAllOf(call) => Step.Nothing,
        _ => Step.Passed,
    };
}
