using System.Net;
using Grpc.Core;

namespace PooledClients.Benchmarks.Contenders;

/// <summary>Answers every other read with Unavailable, in memory.</summary>
internal sealed class FlakyHandler : DelegatingHandler
{
    private readonly HttpMessageInvoker _good = new(new MemoryHandler());
    private int _requests;

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _requests) % 2 == 0)
        {
            return await _good.SendAsync(request, cancellationToken);
        }

        await request.Content!.CopyToAsync(Stream.Null, cancellationToken);
        var response = new HttpResponseMessage(HttpStatusCode.OK) { Version = HttpVersion.Version20, RequestMessage = request, Content = new ByteArrayContent([]) };
        response.Content.Headers.TryAddWithoutValidation("content-type", "application/grpc");
        response.Headers.TryAddWithoutValidation("grpc-status", ((int)StatusCode.Unavailable).ToString(System.Globalization.CultureInfo.InvariantCulture));
        return response;
    }
}
