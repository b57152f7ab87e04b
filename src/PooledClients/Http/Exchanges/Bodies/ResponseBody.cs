using System.Globalization;
using System.Net;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges.Bodies;

/// <summary>What is known of a response's body before anybody reads it.</summary>
/// <param name="Kind">Whether it holds a connection.</param>
/// <param name="Stream">The transport's stream; <see langword="null"/> for a content of another's, which knows by itself how often it can be read.</param>
/// <param name="IsUpgrade">Whether the request asked for another protocol, or a tunnel, and the response is that.</param>
/// <param name="IsStreamOfMany">Whether it is one stream of a connection that carries many: a cancelled read leaves it as it is.</param>
/// <param name="Length">The bytes after which nothing is held any more; <see cref="long.MaxValue"/> where only the end tells.</param>
internal readonly record struct ResponseBody(
    BodyKind Kind, Stream? Stream = null, bool IsUpgrade = false, bool IsStreamOfMany = false, long Length = long.MaxValue)
{
    // The last type of content that was seen to be the transport's: it is not looked at again.
    private static Type? _transportContent;

    /// <summary>
    /// The stream alone tells whether there is a body: headers such as <c>Content-Length: 0</c>, or a status such as 101, may come with
    /// one all the same. A content whose stream was taken here cannot be asked for it again.
    /// </summary>
    public static ResponseBody Of(HttpRequestMessage request, HttpResponseMessage response)
    {
        var content = response.Content;
        var type = content.GetType();
        if (type != Volatile.Read(ref _transportContent))
        {
            if (!RuntimeContracts.IsOfTransport(type))
            {
                return new(RuntimeContracts.IsEmpty(content) || content is ByteArrayContent or ReadOnlyMemoryContent ? BodyKind.InMemory : BodyKind.Open);
            }

            Volatile.Write(ref _transportContent, type);
        }

        // The transport's contents hand out their stream without reading from it; others might run code of their own here.
        if (Open(content) is not { } stream)
        {
            return new(BodyKind.Open);
        }

        return stream switch
        {
            MemoryStream => new(BodyKind.InMemory),
            _ when stream.GetType() == RuntimeContracts.EmptyBodyStream => new(BodyKind.Empty, stream),
            _ when IsUpgradeAnswer(request, response) => new(BodyKind.Open, stream, IsUpgrade: true),
            _ => new(BodyKind.Open, stream, IsStreamOfMany: response.Version.Major >= 2, Length: LengthOf(response)),
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

    // Over HTTP/1.1 the connection is taken back with the last byte of a length, unless something else says where the body ends.
    private static long LengthOf(HttpResponseMessage response)
        => response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var values)
            && long.TryParse(values.ToString(), NumberStyles.None, CultureInfo.InvariantCulture, out var length)
            && length > 0
            && response.StatusCode != HttpStatusCode.SwitchingProtocols
            && !response.Headers.NonValidated.Contains("Transfer-Encoding")
            ? length
            : long.MaxValue;

    private static bool IsUpgradeAnswer(HttpRequestMessage request, HttpResponseMessage response)
        => response.StatusCode == HttpStatusCode.SwitchingProtocols
            ? request.Headers.NonValidated.Contains("Upgrade")
            : request.Method == HttpMethod.Connect && response.IsSuccessStatusCode;
}
