using System.Net.Http.Headers;
using PooledClients.Platform;

namespace PooledClients.Http.Retries;

/// <summary>
/// A request as it was sent first. A redirect below rewrites it: its address, its method, its content, and it takes the authorization
/// out, even one that leads back to the same address. The next attempt begins where the failed one began.
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

    public SentRequest(HttpRequestMessage request)
    {
        _request = request;
        _uri = request.RequestUri;
        _method = request.Method;
        _content = request.Content;
        _isChunked = _content is null ? null : request.Headers.TransferEncodingChunked;
        _authorization = default;
        if (RuntimeContracts.HasHeaders(request))
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
        if (_content is not null)
        {
            request.Content = _content;
            request.Headers.TransferEncodingChunked = _isChunked;
        }

        if (_authorization.Count > 0 && !request.Headers.NonValidated.Contains(Authorization))
        {
            request.Headers.TryAddWithoutValidation(Authorization, _authorization);
        }
    }
}
