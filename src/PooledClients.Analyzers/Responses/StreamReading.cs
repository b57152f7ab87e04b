using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.Operations;
using PooledClients.Analyzers.Flow;

namespace PooledClients.Analyzers.Responses;

/// <summary>Knows what is given a stream, or the task of one, and leaves its end to whom it is from.</summary>
internal static class StreamReading
{
    /// <summary>An object that stands for the stream that it was made from: whoever disposes it disposes that.</summary>
    public static bool Wraps(ITypeSymbol? type)
        => type.DerivesFrom("System.IO.Stream") || type.DerivesFrom("System.IO.TextReader") || type.DerivesFrom("System.IO.BinaryReader");

    /// <summary>Tells whether a call reads or waits, and is done with its argument then. An enumeration reads later.</summary>
    public static bool IsAllOf(IInvocationOperation call)
    {
        var method = call.TargetMethod;
        var type = method.ContainingType;
        return IsCopy(method)
            || (type.Name is "JsonSerializer" or "JsonDocument" or "JsonNode" && IsOf(type, "System.Text.Json") && method.ReturnType.Name != "IAsyncEnumerable")
            || (type.Name is "XDocument" or "XElement" && method.Name is "Load" or "LoadAsync" && IsOf(type, "System.Xml.Linq"))
            || (method.Name is "WhenAll" or "WhenAny" or "WaitAll" or "WaitAny" && type.Is("System.Threading.Tasks.Task") && IsDropped(call));
    }

    /// <summary>Stream's own CopyTo, the one of a content, and those that the platform adds.</summary>
    public static bool IsCopy(IMethodSymbol method)
        => method.Name is "CopyTo" or "CopyToAsync" && IsOf(method.ContainingType, "System");

    private static bool IsOf(ITypeSymbol type, string space)
    {
        var name = type.ContainingNamespace?.ToDisplayString();
        return name is not null && (name == space || name.StartsWith(space + ".", System.StringComparison.Ordinal));
    }

    /// <summary>Nobody has the tasks or their results from this call.</summary>
    private static bool IsDropped(IOperation call) => call.Parent switch
    {
        IExpressionStatementOperation => true,
        IAwaitOperation or IInvocationOperation { TargetMethod.Name: "ConfigureAwait" or "GetAwaiter" or "GetResult" or "Wait" or "WaitAsync" } => IsDropped(call.Parent),
        _ => false,
    };
}
