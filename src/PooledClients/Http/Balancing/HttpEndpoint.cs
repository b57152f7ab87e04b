using System.Diagnostics.CodeAnalysis;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
using PooledClients.Http.Exchanges;

namespace PooledClients.Http.Balancing;

/// <summary>The connections to one endpoint of an HTTP client's service. They are the runtime's, made as requests need them, so one is always worth a try.</summary>
[SuppressMessage("Design", "CA1001", Justification = "The invoker owns nothing: the transport is the registry's.")]
internal sealed class HttpEndpoint(Transport transport, HttpTransportHandler handler, Uri origin, Action<Transport> remove) : IEndpointConnections
{
    private readonly HttpMessageInvoker _invoker = new(handler, disposeHandler: false);

    /// <summary>Gets what requests name as their scheme, host and port.</summary>
    public Uri Origin => origin;

    public bool IsReady => true;

    public bool IsGone => transport is { Connections: 0, InFlight: 0, Up: 0 };

    public Exception? LastFailure => transport.LastFailure;

    public void Prepare(bool isWaitedFor = false)
    {
    }

    public void Abandon()
    {
    }

    public void Close()
    {
        transport.Retire();
        remove(transport);
    }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker.SendAsync(request, cancellationToken);

    public HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken) => _invoker.Send(request, cancellationToken);
}
