using System.Net.Http.Headers;
using PooledClients.Platform;

namespace PooledClients.Http.Retries;

/// <summary>The headers of a request and of its content, as they were sent first.</summary>
internal sealed class SentHeaders(HttpRequestMessage request)
{
    // By it the server knows the next attempt for the same request, whoever has made it.
    private const string IdempotencyKey = "Idempotency-Key";

    private readonly KeyValuePair<string, HeaderStringValues>[] _request = RuntimeContracts.HasHeaders(request) ? [.. request.Headers.NonValidated] : [];
    private readonly KeyValuePair<string, HeaderStringValues>[] _content = request.Content is { } content ? [.. content.Headers.NonValidated] : [];

    /// <summary>Puts them back in place of those that are there now.</summary>
    public void Restore(HttpRequestHeaders request, HttpContentHeaders? content)
    {
        request.NonValidated.TryGetValues(IdempotencyKey, out var key);
        Restore(request, _request);
        if (key.Count > 0 && !request.NonValidated.Contains(IdempotencyKey))
        {
            request.TryAddWithoutValidation(IdempotencyKey, key);
        }

        if (content is not null)
        {
            Restore(content, _content);
        }
    }

    private static void Restore(HttpHeaders headers, KeyValuePair<string, HeaderStringValues>[] sent)
    {
        headers.Clear();
        headers.AddAsTheyCame(sent);
    }
}
