using System.Net;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges;

/// <summary>Tells responses whose body holds a connection from those that have none, or have it in memory already.</summary>
internal static class OpenBody
{
    // The last type of content that was seen to be the runtime's own: its assembly is not asked for again.
    private static Type? _runtimeContent;

    /// <param name="request">The request as it was sent.</param>
    /// <param name="response">Its response.</param>
    /// <param name="stream">The body, when it could be had without waiting; the content hands the same one out from then on.</param>
    /// <returns>Whether the response holds a connection until it is read or disposed.</returns>
    public static bool IsHeldBy(HttpRequestMessage request, HttpResponseMessage response, out Stream? stream)
    {
        stream = null;
        var content = response.Content;
        if (request.Method == HttpMethod.Head
            || response.StatusCode is HttpStatusCode.NoContent or HttpStatusCode.NotModified
            || content is ByteArrayContent or ReadOnlyMemoryContent
            || content.Headers.ContentLength == 0
            || IsUpgrade(request, response))
        {
            return false;
        }

        var type = content.GetType();
        if (type == Volatile.Read(ref _runtimeContent) || type.Assembly == typeof(HttpContent).Assembly)
        {
            Volatile.Write(ref _runtimeContent, type);

            // The runtime's own contents hand out their stream without reading from it; others might buffer all of it here.
            stream = content.ReadAsStream();
            return stream is not MemoryStream && stream.GetType() != RuntimeContracts.EmptyBodyStream;
        }

        return true;
    }

    // What the stream carries from here on is no body, and lives as long as its owner wants.
    private static bool IsUpgrade(HttpRequestMessage request, HttpResponseMessage response)
        => response.StatusCode == HttpStatusCode.SwitchingProtocols || (request.Method == HttpMethod.Connect && response.IsSuccessStatusCode);
}
