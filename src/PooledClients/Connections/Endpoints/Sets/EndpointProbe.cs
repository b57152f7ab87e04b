using System.Net;
using System.Net.Http.Headers;
using PooledClients.Connections.Endpoints.Http2;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>
/// A request of our own, so that no call has to find out. The first on a connection is one: HTTP/2 begins with it, and the server says how
/// many calls it takes. So is what an endpoint is asked that was left out, or has failed, before calls go there again.
/// </summary>
internal static class EndpointProbe
{
    /// <summary>What a server says that does not know a method.</summary>
    public const string Unimplemented = "12";

    private const string Unavailable = "14";

    // An empty HealthCheckRequest in a frame of gRPC's: not compressed, no bytes.
    private static readonly byte[] EmptyMessage = new byte[5];

    public static async Task<EndpointAnswer> RunAsync(EndpointPool pool, Uri service, TimeSpan timeout, TimeProvider timeProvider)
    {
        // A call that waited for the connection may have it already, and tells as much.
        if (!pool.TryTake(out var connection))
        {
            return EndpointAnswer.NotAsked;
        }

        using var ended = new CancellationTokenSource(timeout, timeProvider);
        using var request = CreateRequest(new Uri(service, "/grpc.health.v1.Health/Check"), EmptyMessage);
        try
        {
            using var response = await connection.SendAsync(request, ended.Token).ConfigureAwait(false);
            return IsUnavailable(response) ? EndpointAnswer.Unavailable : EndpointAnswer.Answered;
        }
#pragma warning disable CA1031 // Whatever it is, the connection has not answered; the pool keeps and tells why.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            pool.Retire(connection, $"its server has not answered a health check: {exception.Message}");
            return EndpointAnswer.Failed;
        }
        finally
        {
            connection.Exit();
        }
    }

    /// <summary>A call of gRPC's without gRPC.</summary>
    public static HttpRequestMessage CreateRequest(Uri method, byte[] frame) => new(HttpMethod.Post, method)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new ByteArrayContent(frame) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
        Headers = { TE = { new TransferCodingWithQualityHeaderValue("trailers") } },
    };

    public static string? StatusOf(HttpResponseHeaders headers) => headers.NonValidated.TryGetValues("grpc-status", out var status) ? status.ToString() : null;

    // As gRPC says it, and as proxies do.
    private static bool IsUnavailable(HttpResponseMessage response) =>
        response.StatusCode is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout
        || StatusOf(response.Headers) == Unavailable;
}
