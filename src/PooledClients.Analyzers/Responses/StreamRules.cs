using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>What holds a streaming call: its response stream; and what ends one: disposal, and reading to the end.</summary>
internal sealed class StreamRules : ValueRules
{
    public static readonly StreamRules Instance = new();

    public override Step OnReceiver(IInvocationOperation call, IOperation value)
    {
        var method = call.TargetMethod;
        if (IsDisposal(method))
        {
            return Step.Released;
        }

        if (method.Name == "MoveNext")
        {
            return ReadLoop.IsToTheEnd(call) ? Step.Released : Step.Nothing;
        }

        if (GivesResult(method) || method.Name == "ReadAllAsync")
        {
            return Step.Alias;
        }

        return method.IsExtensionMethod || method.Name == "ContinueWith" || value.Type?.Name == "IAsyncEnumerable" ? Step.Passed : Step.Nothing;
    }

    /// <summary>A client's stream is over when its response is there; so is waiting for it.</summary>
    public override Step OnProperty(IPropertyReferenceOperation property) => property.Property.Name switch
    {
        "ResponseAsync" => IsStatement(property) ? Step.Released : Step.Passed,
        "ResponseStream" or "Result" => Step.Alias,
        _ => Step.Nothing,
    };

    public override Step OnArgument(IArgumentOperation argument, IOperation owner)
        => owner is IInvocationOperation call && OnlyLooks(call.TargetMethod) ? Step.Nothing : Step.Passed;

    public override Step OnEnumerated(IForEachLoopOperation loop) => ReadLoop.LeavesEarly(loop) ? Step.Nothing : Step.Released;

    public override Step OnAwaited(IOperation value) => StreamingCall.Is(value.Type) ? Step.Released : Step.Alias;

    private static bool IsStatement(IPropertyReferenceOperation property) => property.Parent is IAwaitOperation;
}
