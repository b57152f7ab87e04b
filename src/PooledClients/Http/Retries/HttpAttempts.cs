using Polly;

namespace PooledClients.Http.Retries;

/// <summary>One request, however often it is sent.</summary>
internal sealed class HttpAttempts
{
    public static readonly ResiliencePropertyKey<HttpAttempts> Key = new("PooledClients.Attempts");

    private readonly SentRequest _sent;

    public HttpAttempts(
        HttpRequestMessage request,
        Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> sendAsync,
        Func<HttpRequestMessage, CancellationToken, HttpResponseMessage> send)
    {
        Request = request;
        SendAsync = sendAsync;
        Send = send;
        _sent = new SentRequest(request);
        IsRepeatable = Repeatable.IsRepeatable(request);
        Call = request.Options.TryGetValue(IHttpCall.Key, out var call) ? call : null;
    }

    public HttpRequestMessage Request { get; }

    public Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>> SendAsync { get; }

    public Func<HttpRequestMessage, CancellationToken, HttpResponseMessage> Send { get; }

    public IHttpCall? Call { get; }

    public bool IsRepeatable { get; }

    /// <summary>A redirect has led to another address, where the same may not be sent.</summary>
    public bool WasRedirected => _sent.IsElsewhere(Request);

    /// <summary>Has the next attempt send what the failed one sent.</summary>
    public void Restore() => _sent.Restore(Request);

    /// <summary>The pause that was chosen before the retry that is about to be made.</summary>
    public TimeSpan Pause { get; set; }
}
