namespace PooledClients.IntegrationTests.Http.Conformance.Handlers;

/// <summary>A caller's own handler between client and connection.</summary>
internal sealed class ScriptedHandler(Func<HttpRequestMessage, Func<HttpRequestMessage, CancellationToken, Task<HttpResponseMessage>>, CancellationToken, Task<HttpResponseMessage>> script)
    : DelegatingHandler
{
    protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        => script(request, (inner, token) => Task.FromResult(base.Send(inner, token)), cancellationToken).GetAwaiter().GetResult();

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        => script(request, base.SendAsync, cancellationToken);
}
