using System.Net.Http.Headers;
using System.Net.Http.Metrics;
using PooledClients.Platform;

namespace PooledClients.Http.Retries;

/// <summary>
/// A request as it was sent first. A redirect below rewrites it: its address, its method, its content, and it takes the authorization
/// out, even one that leads back to the same address; handlers of the caller's own add what they add to each request. The next attempt begins
/// where the failed one began.
/// </summary>
internal readonly struct SentRequest
{
    private const string Authorization = "Authorization";

    private readonly HttpRequestMessage _request;
    private readonly Uri? _uri;
    private readonly HttpMethod _method;
    private readonly HttpContent? _content;
    private readonly bool? _isChunked;
    private readonly HeaderStringValues _authorization;
    private readonly SentHeaders? _headers;
    private readonly Action<HttpMetricsEnrichmentContext>? _tag;

    /// <param name="request">The request.</param>
    /// <param name="isChanged">Whether handlers that each attempt passes may change its headers.</param>
    /// <param name="tag">What tags the measurement of each attempt; none where nobody measures.</param>
    public SentRequest(HttpRequestMessage request, bool isChanged = false, Action<HttpMetricsEnrichmentContext>? tag = null)
    {
        _request = request;
        _uri = request.RequestUri;
        _method = request.Method;
        _content = request.Content;
        _isChunked = _content is null ? null : request.Headers.TransferEncodingChunked;
        _authorization = default;
        _tag = tag;
        if (isChanged && Repeatable.IsReplayable(_content))
        {
            _headers = new SentHeaders(request);
        }
        else if (RuntimeContracts.HasHeaders(request))
        {
            request.Headers.NonValidated.TryGetValues(Authorization, out _authorization);
        }
    }

    /// <summary>Whether the server may get it twice, and it can be sent twice.</summary>
    public bool IsRepeatable => Repeatable.IsRepeatable(_request, _method, _content);

    /// <summary>Whether a redirect has led to another server, where the same may not be sent. Another path is the same server's.</summary>
    public bool IsElsewhere => !ReferenceEquals(_request.RequestUri, _uri) && !IsSameServer(_request.RequestUri, _uri);

    public HttpRequestMessage Message => _request;

    private static bool IsSameServer(Uri? one, Uri? other)
        => one is { IsAbsoluteUri: true } && other is { IsAbsoluteUri: true }
            && one.Scheme == other.Scheme && one.Port == other.Port && one.IdnHost == other.IdnHost;

    public void Restore()
    {
        var request = _request;
        request.RequestUri = _uri;
        request.Method = _method;
        if (_headers is not null || _content is not null)
        {
            request.Content = _content;
        }

        _headers?.Restore(request.Headers, _content?.Headers);
        if (_content is not null)
        {
            request.Headers.TransferEncodingChunked = _isChunked;
        }

        if (_authorization.Count > 0 && !request.Headers.NonValidated.Contains(Authorization))
        {
            request.Headers.TryAddWithoutValidation(Authorization, _authorization);
        }

        RestoreTags((IDictionary<string, object?>)request.Options);
    }

    private void RestoreTags(IDictionary<string, object?> options)
    {
        if (_headers is not null)
        {
            options.Remove(RuntimeContracts.EnrichmentKey);
        }

        if (_tag is not null && !options.ContainsKey(RuntimeContracts.EnrichmentKey))
        {
            HttpMetricsEnrichmentContext.AddCallback(_request, _tag);
        }
    }
}
