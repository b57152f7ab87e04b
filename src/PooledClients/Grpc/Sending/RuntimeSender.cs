using PooledClients.Connections;
using PooledClients.Connections.Endpoints;

namespace PooledClients.Grpc.Sending;

/// <summary>A call that the runtime picks a connection for.</summary>
internal sealed class RuntimeSender : ICallSender
{
    private readonly Generation _generation;

    public RuntimeSender(Transport transport, HttpRequestMessage request)
    {
        _generation = transport.Enter();
        Destination = _generation.BeginCall(request);
    }

    public Destination Destination { get; }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => _generation.SendAsync(request, cancellationToken);

    public void Exit()
    {
        _generation.Exit();
        Destination.EndCall();
    }
}
