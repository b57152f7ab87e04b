using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using RocksDb.V1;

namespace PooledClients.Tests.Grpc;

/// <summary>Answers every unary read at once and in memory, at a cost that is always the same.</summary>
internal sealed class InstantServer : HttpMessageHandler
{
    private static readonly MediaTypeHeaderValue GrpcType = new("application/grpc");
    private static readonly byte[] Body = Frame(new GetResponse { Found = true, Value = ByteString.CopyFrom(new byte[100]) });

    /// <summary>Gets whether the last request carried the flag of a call that waits for the server to be ready.</summary>
    public bool? LastWaitForReady { get; private set; }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        LastWaitForReady = request.Options.TryGetValue(new HttpRequestOptionsKey<bool>("WaitForReady"), out var waits) ? waits : null;
        Assert.True(request.Content!.CopyToAsync(Stream.Null, cancellationToken).IsCompletedSuccessfully);
        var response = new HttpResponseMessage(HttpStatusCode.OK)
        {
            Version = HttpVersion.Version20,
            RequestMessage = request,
            Content = new ByteArrayContent(Body),
        };
        response.Content.Headers.ContentType = GrpcType;
        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", "0");
        return Task.FromResult(response);
    }

    private static byte[] Frame(GetResponse message)
    {
        var frame = new byte[5 + message.CalculateSize()];
        frame[4] = (byte)message.CalculateSize();
        message.WriteTo(frame.AsSpan(5));
        return frame;
    }
}
