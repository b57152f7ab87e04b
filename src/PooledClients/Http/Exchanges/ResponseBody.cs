using System.Net;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges;

/// <summary>What is known of a response's body before anybody reads it.</summary>
/// <param name="Kind">Whether it holds a connection.</param>
/// <param name="Stream">The transport's stream; <see langword="null"/> where asking for it might read from it.</param>
/// <param name="IsUpgrade">Whether the request asked for another protocol, or a tunnel, and the response is that.</param>
/// <param name="IsStreamOfMany">Whether it is one stream of a connection that carries many: a cancelled read leaves it as it is.</param>
internal readonly record struct ResponseBody(BodyKind Kind, Stream? Stream = null, bool IsUpgrade = false, bool IsStreamOfMany = false)
{
    // The last type of content that was seen to be the runtime's own: its assembly is not asked for again.
    private static Type? _runtimeContent;

    /// <summary>
    /// The stream alone tells whether there is a body: headers such as <c>Content-Length: 0</c>, or a status such as 101, may come with
    /// one all the same. A content whose stream was taken here cannot be asked for it again.
    /// </summary>
    public static ResponseBody Of(HttpRequestMessage request, HttpResponseMessage response)
    {
        var content = response.Content;
        if (content is ByteArrayContent or ReadOnlyMemoryContent)
        {
            return new(BodyKind.InMemory);
        }

        var type = content.GetType();
        if (type != Volatile.Read(ref _runtimeContent))
        {
            if (type.Assembly != typeof(HttpContent).Assembly)
            {
                return new(BodyKind.Open);
            }

            Volatile.Write(ref _runtimeContent, type);
        }

        // The runtime's own contents hand out their stream without reading from it; others might buffer all of it here.
        if (Open(content) is not { } stream)
        {
            return new(BodyKind.Open);
        }

        return stream switch
        {
            MemoryStream => new(BodyKind.InMemory),
            _ when stream.GetType() == RuntimeContracts.EmptyBodyStream => new(BodyKind.Empty, stream),
            _ when IsUpgradeAnswer(request, response) => new(BodyKind.Open, stream, IsUpgrade: true),
            _ when type == typeof(StreamContent) => new(BodyKind.Open, stream),
            _ => new(BodyKind.Open, stream, IsStreamOfMany: response.Version.Major >= 2),
        };
    }

    // A handler that has opened it asynchronously leaves a task, which no synchronous call takes up.
    private static Stream? Open(HttpContent content)
    {
        try
        {
            return content.ReadAsStream();
        }
        catch (HttpRequestException)
        {
            return null;
        }
    }

    private static bool IsUpgradeAnswer(HttpRequestMessage request, HttpResponseMessage response)
        => response.StatusCode == HttpStatusCode.SwitchingProtocols
            ? request.Headers.NonValidated.Contains("Upgrade")
            : request.Method == HttpMethod.Connect && response.IsSuccessStatusCode;
}
