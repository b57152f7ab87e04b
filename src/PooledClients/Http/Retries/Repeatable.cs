using System.Collections;
using System.Net.Http.Json;

namespace PooledClients.Http.Retries;

/// <summary>Tells which requests may be sent twice: the server does not mind, and the body can be read again.</summary>
internal static class Repeatable
{
    public static bool IsRepeatable(HttpRequestMessage request)
    {
        var isIdempotent = request.Options.TryGetValue(PooledHttpRequestOptions.Idempotent, out var said) ? said : IsIdempotent(request.Method);
        return isIdempotent && IsReplayable(request.Content);
    }

    // RFC 9110, 9.2.2, and QUERY, which is safe by its own draft.
    private static bool IsIdempotent(HttpMethod method)
        => method == HttpMethod.Get
            || method == HttpMethod.Head
            || method == HttpMethod.Put
            || method == HttpMethod.Delete
            || method == HttpMethod.Options
            || method == HttpMethod.Trace
            || method == HttpMethod.Query;

    private static bool IsReplayable(HttpContent? content) => content switch
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
