namespace PooledClients.Platform;

/// <summary>
/// Sends by a handler for who has been sent to himself: an <see cref="HttpMessageInvoker"/> would tell the runtime's event source of each request once
/// more. It disposes of the handler.
/// </summary>
internal sealed class BareSender(HttpMessageHandler handler) : DelegatingHandler(handler)
{
    public Task<HttpResponseMessage> PassAsync(HttpRequestMessage request, CancellationToken cancellationToken) => SendAsync(request, cancellationToken);

    public HttpResponseMessage Pass(HttpRequestMessage request, CancellationToken cancellationToken) => Send(request, cancellationToken);
}
