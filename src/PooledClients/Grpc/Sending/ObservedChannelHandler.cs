using PooledClients.Grpc.Telemetry;
using PooledClients.Grpc.Telemetry.Sizes;

namespace PooledClients.Grpc.Sending;

/// <summary>The last of a channel's handlers: it knows whose calls they are, for the transport's handler below serves several channels. It adds no allocation.</summary>
internal sealed class ObservedChannelHandler(GrpcTransportHandler transport, ChannelCalls calls) : HttpMessageHandler
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var method = calls.Get(request.RequestUri!.AbsolutePath);
        if (!calls.IsFollowed || ObservedCall.Find(method) is not { } observed)
        {
            return transport.SendAsync(request, method, cancellationToken);
        }

        return observed.MeasuresSizes && request.Content is not null
            ? MeasureAsync(request, observed, cancellationToken)
            : transport.SendAsync(request, observed, cancellationToken);
    }

    private async Task<HttpResponseMessage> MeasureAsync(HttpRequestMessage request, ObservedCall observed, CancellationToken cancellationToken)
    {
        request.Content = new MeasuredContent(request.Content!, observed);
        var response = await transport.SendAsync(request, observed, cancellationToken).ConfigureAwait(false);
        response.Content = new MeasuredContent(response.Content, observed);
        return response;
    }
}
