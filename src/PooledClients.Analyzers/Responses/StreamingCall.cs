using Microsoft.CodeAnalysis;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>Knows the types of streaming calls.</summary>
internal static class StreamingCall
{
    /// <summary>What gives on whatever type it is asked for, as Volatile.Read does, begins no call.</summary>
    public static bool IsBegunBy(IMethodSymbol method) => Is(method.OriginalDefinition.ReturnType)
        || (method.MethodKind == MethodKind.DelegateInvoke && Is(method.ReturnType));

    public static bool Is(ITypeSymbol? type)
    {
        return type?.Name is "AsyncServerStreamingCall" or "AsyncDuplexStreamingCall" or "AsyncClientStreamingCall"
            && (type.Is("Grpc.Core.AsyncServerStreamingCall") || type.Is("Grpc.Core.AsyncDuplexStreamingCall") || type.Is("Grpc.Core.AsyncClientStreamingCall"));
    }
}
