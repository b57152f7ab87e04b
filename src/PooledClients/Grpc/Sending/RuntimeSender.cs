using PooledClients.Connections;
using PooledClients.Connections.Endpoints;

namespace PooledClients.Grpc.Sending;

/// <summary>A call that the runtime picks a connection for.</summary>
internal sealed class RuntimeSender : ICallSender
{
    public RuntimeSender(Transport transport, HttpRequestMessage request)
    {
        Generation = transport.Enter();
        Destination = Generation.BeginCall(request);
    }

    public Generation Generation { get; }

    public Destination Destination { get; }

    public Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => Generation.SendAsync(request, cancellationToken);

    /// <summary>Sends a request that is no call.</summary>
    public static async Task<HttpResponseMessage> SendAsync(Transport transport, HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var sender = new RuntimeSender(transport, request);
        try
        {
            return await sender.SendAsync(request, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            sender.Exit();
        }
    }

    public void Exit()
    {
        Generation.Exit();
        Destination.EndCall();
    }
}
