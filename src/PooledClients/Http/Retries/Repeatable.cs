using System.Collections;
using System.Net.Http.Json;

namespace PooledClients.Http.Retries;

/// <summary>Tells which requests may be sent twice: the server does not mind, and the body can be read again.</summary>
internal static class Repeatable
{
    /// <param name="request">What it says of itself.</param>
    /// <param name="method">The method, as it was before any redirect.</param>
    /// <param name="content">The content, as it was before any redirect.</param>
    public static bool IsRepeatable(HttpRequestMessage request, HttpMethod method, HttpContent? content)
        => Idempotence.Of(request, method) && IsReplayable(content);

    /// <summary>Whether a content can be sent twice.</summary>
    public static bool IsReplayable(HttpContent? content) => content switch
    {
        null or ByteArrayContent or ReadOnlyMemoryContent => true,
        MultipartContent parts => parts.All(IsReplayable),
        JsonContent json => !IsSequence(json),
        _ => false,
    };

    // A lazy sequence may be spent by its first reader.
    private static bool IsSequence(JsonContent json)
        => json.Value is IAsyncEnumerable<object> or (IEnumerable and not (string or ICollection))
            || (json.ObjectType.IsGenericType && json.ObjectType.GetGenericTypeDefinition() == typeof(IAsyncEnumerable<>));
}
