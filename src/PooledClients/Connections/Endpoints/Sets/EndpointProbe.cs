using System.Net;
using System.Net.Http.Headers;

namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>
/// The first request on a connection that was made ahead, so that no call is: HTTP/2 begins with it, and the server says how many calls it
/// takes. Whatever it answers, it is there.
/// </summary>
internal static class EndpointProbe
{
    // An empty HealthCheckRequest in a frame of gRPC's: not compressed, no bytes.
    private static readonly byte[] EmptyMessage = new byte[5];

    /// <returns>Whether the connection has not failed.</returns>
    public static async Task<bool> RunAsync(EndpointPool pool, Uri service, TimeSpan timeout, TimeProvider timeProvider)
    {
        // A call that waited for the connection may have it already, and tells as much.
        if (!pool.TryTake(out var connection))
        {
            return true;
        }

        using var ended = new CancellationTokenSource(timeout, timeProvider);
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(service, "/grpc.health.v1.Health/Check"))
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = new ByteArrayContent(EmptyMessage) { Headers = { ContentType = new MediaTypeHeaderValue("application/grpc") } },
            Headers = { TE = { new TransferCodingWithQualityHeaderValue("trailers") } },
        };
        try
        {
            using var response = await connection.SendAsync(request, ended.Token).ConfigureAwait(false);
            return true;
        }
#pragma warning disable CA1031 // Whatever it is, the connection has not answered; the pool keeps and tells why.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            pool.Retire(connection, $"its server has not answered a health check: {exception.Message}");
            return false;
        }
        finally
        {
            connection.Exit();
        }
    }
}
