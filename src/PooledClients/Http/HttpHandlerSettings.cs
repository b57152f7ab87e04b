using System.Net;
using PooledClients.Http.Exchanges;
using PooledClients.Platform;

namespace PooledClients.Http;

/// <summary>
/// How a client wants its handler, beyond trust and connections. It is part of the transport's key: clients that want the same share
/// connections, and one that adjusts the handler by code has it to itself.
/// </summary>
internal sealed record HttpHandlerSettings(DecompressionMethods Decompression, HttpClientSetup? Setup)
{
    public IReadOnlyList<Action<SocketsHttpHandler>> Actions => [Apply, .. Setup?.HandlerActions ?? []];

    private void Apply(SocketsHttpHandler handler)
    {
        handler.AutomaticDecompression = Decompression;
        HandlerHooks.OnHeadersWritten(handler, HttpTransportHandler.OnHeaderWritten);
    }
}
