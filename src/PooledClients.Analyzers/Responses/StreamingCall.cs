using Microsoft.CodeAnalysis;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>Knows the types of streaming calls.</summary>
internal static class StreamingCall
{
    public static bool Is(ITypeSymbol? type)
    {
        return type?.Name is "AsyncServerStreamingCall" or "AsyncDuplexStreamingCall" or "AsyncClientStreamingCall"
            && (type.Is("Grpc.Core.AsyncServerStreamingCall") || type.Is("Grpc.Core.AsyncDuplexStreamingCall") || type.Is("Grpc.Core.AsyncClientStreamingCall"));
    }
}
