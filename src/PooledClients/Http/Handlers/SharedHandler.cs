namespace PooledClients.Http.Handlers;

/// <summary>Stands in the pipelines of many scopes for one handler that they share; what comes after it is each one's own.</summary>
internal sealed class SharedHandler(HttpMessageInvoker shared) : DelegatingHandler
{
    private static readonly HttpRequestOptionsKey<SharedHandler> Key = new("PooledClients.SharedHandler");

    /// <summary>Makes a handler one that many pipelines may go through.</summary>
    public static HttpMessageInvoker Share(DelegatingHandler handler)
    {
        handler.InnerHandler = new Rest();
        return new HttpMessageInvoker(handler);
    }

    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Options.Set(Key, this);
        return shared.Send(request, cancellationToken);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        request.Options.Set(Key, this);
        return shared.SendAsync(request, cancellationToken);
    }

    private HttpResponseMessage GoOn(HttpRequestMessage request, CancellationToken cancellationToken) => base.Send(request, cancellationToken);

    private Task<HttpResponseMessage> GoOnAsync(HttpRequestMessage request, CancellationToken cancellationToken) => base.SendAsync(request, cancellationToken);

    // Goes back into the pipeline that the request has come from.
    private sealed class Rest : HttpMessageHandler
    {
        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => PipelineOf(request).GoOn(request, cancellationToken);

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => PipelineOf(request).GoOnAsync(request, cancellationToken);

        private static SharedHandler PipelineOf(HttpRequestMessage request)
            => request.Options.TryGetValue(Key, out var pipeline) ? pipeline : throw new InvalidOperationException("The request has come from no pipeline.");
    }
}
