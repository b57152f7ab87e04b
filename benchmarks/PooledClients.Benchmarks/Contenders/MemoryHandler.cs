using System.Net;
using System.Net.Http.Headers;
using Google.Protobuf;
using RocksDb.V1;

namespace PooledClients.Benchmarks.Contenders;

/// <summary>Answers every read in memory.</summary>
internal sealed class MemoryHandler : DelegatingHandler
{
    private static readonly MediaTypeHeaderValue GrpcType = new("application/grpc");
    private static readonly byte[] Body = Frame(new GetResponse { Found = true, Value = ByteString.CopyFrom(new byte[100]) });

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20, RequestMessage = request, Content = new ByteArrayContent(Body) };
        response.Content.Headers.ContentType = GrpcType;
        response.TrailingHeaders.TryAddWithoutValidation("grpc-status", "0");
        return response;
    }

    private static byte[] Frame(GetResponse message)
    {
        const int Header = 5;
        var frame = new byte[Header + message.CalculateSize()];
        frame[Header - 1] = (byte)message.CalculateSize();
        message.WriteTo(frame.AsSpan(Header));
        return frame;
    }
}
