namespace PooledClients.Http.Retries;

/// <summary>Which requests a server may get twice.</summary>
internal static class Idempotence
{
    /// <summary>What the request says of itself, else what its method says.</summary>
    public static bool Of(HttpRequestMessage request, HttpMethod method)
        => request.Options.TryGetValue(PooledHttpRequestOptions.Idempotent, out var said) ? said : Of(method);

    // RFC 9110, 9.2.2, and QUERY, which is safe by its own draft.
    private static bool Of(HttpMethod method)
        => method == HttpMethod.Get
            || method == HttpMethod.Head
            || method == HttpMethod.Put
            || method == HttpMethod.Delete
            || method == HttpMethod.Options
            || method == HttpMethod.Trace
            || method == HttpMethod.Query;
}
