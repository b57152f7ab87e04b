namespace PooledClients.Http.Retries;

/// <summary>One request, however often it is sent.</summary>
internal struct HttpAttempts(HttpRequestMessage request)
{
    private readonly SentRequest _sent = new(request);

    public IHttpCall? Call { get; } = request.Options.TryGetValue(IHttpCall.Key, out var call) ? call : null;

    /// <summary>How often it has been sent again.</summary>
    public int Retries { get; private set; }

    public readonly bool IsRepeatable => _sent.IsRepeatable(request);

    /// <summary>A redirect has led to another address, where the same may not be sent.</summary>
    public readonly bool WasRedirected => _sent.IsElsewhere(request);

    /// <summary>Has the next attempt send what the failed one sent.</summary>
    public void Restore()
    {
        Retries++;
        _sent.Restore(request);
    }
}
