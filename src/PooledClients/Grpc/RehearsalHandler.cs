using System.Net;
using System.Net.Http.Headers;

namespace PooledClients.Grpc;

/// <summary>Answers each gRPC request with an empty message, in memory.</summary>
internal sealed class RehearsalHandler : HttpMessageHandler
{
    private static readonly MediaTypeHeaderValue GrpcType = new("application/grpc");

    // Not compressed, no bytes.
    private static readonly byte[] EmptyMessage = new byte[5];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await request.Content!.CopyToAsync(Stream.Null, cancellationToken).ConfigureAwait(false);
        var response = new HttpResponseMessage(HttpStatusCode.OK)
        {
            Version = HttpVersion.Version20,
            RequestMessage = request,
            Content = new ByteArrayContent(EmptyMessage),
        };
        response.Content.Headers.ContentType = GrpcType;
        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", "0");
        return response;
    }
}
