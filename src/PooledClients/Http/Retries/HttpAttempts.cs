using Polly;

namespace PooledClients.Http.Retries;

/// <summary>One request, however often it is sent.</summary>
internal sealed class HttpAttempts
{
    public static readonly ResiliencePropertyKey<HttpAttempts> Key = new("PooledClients.Attempts");

    private readonly Uri? _uri;

    public HttpAttempts(
        HttpRequestMessage request,
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> sendAsync,
        Func<HttpRequestMessage, CancellationToken, HttpResponseMessage> send)
    {
        Request = request;
        SendAsync = sendAsync;
        Send = send;
        _uri = request.RequestUri;
        IsRepeatable = Repeatable.IsRepeatable(request);
        Call = request.Options.TryGetValue(IHttpCall.Key, out var call) ? call : null;
    }

    public HttpRequestMessage Request { get; }

    public Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> SendAsync { get; }

    public Func<HttpRequestMessage, CancellationToken, HttpResponseMessage> Send { get; }

    public IHttpCall? Call { get; }

    public bool IsRepeatable { get; }

    /// <summary>A redirect rewrites the request: its address, and with it what may be sent there.</summary>
    public bool WasRedirected => Request.RequestUri != _uri;

    /// <summary>The pause that was chosen before the retry that is about to be made.</summary>
    public TimeSpan Pause { get; set; }
}
