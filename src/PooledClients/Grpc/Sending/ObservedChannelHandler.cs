using PooledClients.Grpc.Telemetry;
using PooledClients.Grpc.Telemetry.Sizes;

namespace PooledClients.Grpc.Sending;

/// <summary>The last of a channel's handlers: it knows whose calls they are, for the transport's handler below serves several channels. It adds no allocation.</summary>
internal sealed class ObservedChannelHandler(GrpcTransportHandler transport, ChannelCalls calls) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Content is null)
        {
            // No call, but what a message handler asks for by itself.
            return RuntimeSender.SendAsync(transport.Transport, request, cancellationToken);
        }

        var method = calls.Get(request.RequestUri!.AbsolutePath);
        if (!calls.IsFollowed || ObservedCall.Find(method) is not { } observed)
        {
            return transport.SendAsync(request, method, cancellationToken);
        }

        if (observed.MeasuresSizes && request.Content is { } content)
        {
            request.Content = new MeasuredContent(content, observed);
        }

        return transport.SendAsync(request, observed, cancellationToken);
    }
}
