using System.Linq;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Deadlines;

/// <summary>Reads a call of a generated client.</summary>
internal static class GrpcCall
{
    public static bool LacksDeadline(IInvocationOperation call)
    {
        if (call.Instance is not { Type: { } type } || !type.DerivesFrom("Grpc.Core.ClientBase") || call.Instance is IInstanceReferenceOperation)
        {
            return false;
        }

        return call.Arguments.Any(argument => argument.Parameter is { } parameter && (parameter.Type.Is("Grpc.Core.CallOptions")
            ? LacksDeadline(argument.Value)
            : parameter.Name == "deadline" && IsNothing(argument.Value)));
    }

    /// <summary>Options that are made in the call and have none; those from elsewhere may have one.</summary>
    private static bool LacksDeadline(IOperation options) => options.Unwrapped() switch
    {
        IObjectCreationOperation creation => creation.Initializer is null
            && creation.Arguments.FirstOrDefault(argument => argument.Parameter?.Name == "deadline") is var deadline && (deadline is null || IsNothing(deadline.Value)),
        IDefaultValueOperation => true,
        IInvocationOperation { Instance: { } instance, TargetMethod: { ContainingType.Name: "CallOptions", Name: not "WithDeadline" } } => LacksDeadline(instance),
        _ => false,
    };

    private static bool IsNothing(IOperation value)
        => value.Unwrapped() is IDefaultValueOperation || value.Unwrapped().ConstantValue is { HasValue: true, Value: null };
}
