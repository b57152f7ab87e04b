using System.IO.Compression;
using System.Text;
using Microsoft.AspNetCore.Http;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;

namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>What the shared servers answer, by path.</summary>
internal static class KestrelApi
{
    public const string Text = "the quick brown fox";

    public static Task ServeAsync(HttpContext context, KestrelPeer peer) => context.Request.Path.Value switch
    {
        "/text" => TextAsync(context.Response, Text),
        "/flushed" => FlushedAsync(context.Response),
        "/json" => context.Response.WriteAsJsonAsync(new { name = "fox", size = 19 }),
        "/numbers" => TextAsync(context.Response, "[1,2,3]", "application/json"),
        "/events" => TextAsync(context.Response, "event: a\ndata: one\n\nid: 7\ndata: two\ndata: lines\n\n", "text/event-stream"),
        "/big" => BigAsync(context.Response),
        "/empty" => Task.CompletedTask,
        "/started" => context.Response.StartAsync(),
        "/flushed-empty" => context.Response.Body.FlushAsync(),
        "/trailers" => TrailersAsync(context.Response, Text),
        "/trailers-only" => TrailersAsync(context.Response, ""),
        "/echo" => EchoAsync(context, peer),
        "/early" => EarlyAsync(context),
        "/stall" => StallAsync(context, peer, headers: false, body: false),
        "/unseen" => StallAsync(context, peer, headers: false, body: false),
        "/stall-headers" => StallAsync(context, peer, headers: true, body: false),
        "/stall-body" => StallAsync(context, peer, headers: true, body: true),
        "/stall-upload" => StallUploadAsync(context, peer),
        "/abort" => AbortAsync(context, headers: false),
        "/abort-body" => AbortAsync(context, headers: true),
        "/cookie" => CookieAsync(context.Response),
        "/basic" => BasicAsync(context),
        "/digest" => DigestAsync(context),
        "/websocket" => WebSocketAsync(context),
        "/gzip" or "/deflate" or "/br" => CompressedAsync(context, context.Request.Path.Value[1..]),
        var path when path!.StartsWith("/status/", StringComparison.Ordinal) => StatusAsync(context.Response, path["/status/".Length..]),
        var path when path!.StartsWith("/redirect/", StringComparison.Ordinal) => RedirectAsync(context.Response, path["/redirect/".Length..], context.Request.Query["to"]),
        _ => TextAsync(context.Response, "after"),
    };

    private static Task TextAsync(HttpResponse response, string text, string type = "text/plain")
    {
        response.ContentType = type;
        response.ContentLength = text.Length;
        return response.WriteAsync(text);
    }

    private static async Task FlushedAsync(HttpResponse response)
    {
        foreach (var word in Text.Split(' '))
        {
            await response.WriteAsync(word + " ");
            await response.Body.FlushAsync();
        }
    }

    private static async Task BigAsync(HttpResponse response)
    {
        var bytes = new byte[300_000];
        for (var i = 0; i < bytes.Length; i++)
        {
            bytes[i] = (byte)i;
        }

        await response.Body.WriteAsync(bytes);
    }

    private static async Task TrailersAsync(HttpResponse response, string text)
    {
        response.DeclareTrailer("x-sum");
        await response.Body.FlushAsync();
        await response.WriteAsync(text);
        response.AppendTrailer("x-sum", "42");
    }

    private static async Task EchoAsync(HttpContext context, KestrelPeer peer)
    {
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body);
        peer.Note(context, $"body {Outcome.Text(body.ToArray())}");
        context.Response.ContentType = context.Request.ContentType;
        await context.Response.Body.WriteAsync(body.ToArray());
    }

    private static Task EarlyAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status413PayloadTooLarge;
        return TextAsync(context.Response, "too much");
    }

    private static async Task StallAsync(HttpContext context, KestrelPeer peer, bool headers, bool body)
    {
        if (headers)
        {
            await context.Response.Body.FlushAsync();
        }

        if (body)
        {
            await context.Response.WriteAsync(Text);
            await context.Response.Body.FlushAsync();
        }

        await peer.StallAsync(context);
    }

    private static async Task StallUploadAsync(HttpContext context, KestrelPeer peer)
    {
        try
        {
            var buffer = new byte[4096];
            while (await context.Request.Body.ReadAsync(buffer) > 0)
            {
                peer.Reach();
            }
        }
        catch (Exception exception) when (exception is IOException or OperationCanceledException)
        {
            peer.Abort();
        }
    }

    private static async Task AbortAsync(HttpContext context, bool headers)
    {
        if (headers)
        {
            await context.Response.WriteAsync(Text);
            await context.Response.Body.FlushAsync();
        }

        context.Abort();
    }

    private static Task CookieAsync(HttpResponse response)
    {
        response.Headers.SetCookie = "taste=sweet; path=/";
        return TextAsync(response, Text);
    }

    private static Task BasicAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization.ToString() == "Basic " + Convert.ToBase64String(Encoding.ASCII.GetBytes("user:secret")))
        {
            return TextAsync(context.Response, Text);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Basic realm=\"here\"";
        return TextAsync(context.Response, "who?");
    }

    private static Task DigestAsync(HttpContext context)
    {
        if (context.Request.Headers.Authorization.ToString().StartsWith("Digest username=\"user\"", StringComparison.Ordinal))
        {
            return TextAsync(context.Response, Text);
        }

        context.Response.StatusCode = StatusCodes.Status401Unauthorized;
        context.Response.Headers.WWWAuthenticate = "Digest realm=\"here\", nonce=\"abc\", qop=\"auth\", algorithm=MD5";
        return TextAsync(context.Response, "who?");
    }

    private static async Task WebSocketAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        var buffer = new byte[100];
        while (await socket.ReceiveAsync(buffer.AsMemory(), context.RequestAborted) is { MessageType: not System.Net.WebSockets.WebSocketMessageType.Close } received)
        {
            await socket.SendAsync(buffer.AsMemory(0, received.Count), received.MessageType, received.EndOfMessage, context.RequestAborted);
        }

        await socket.CloseAsync(System.Net.WebSockets.WebSocketCloseStatus.NormalClosure, "bye", context.RequestAborted);
    }

    private static async Task CompressedAsync(HttpContext context, string encoding)
    {
        using var compressed = new MemoryStream();
        await using (Stream stream = encoding switch
        {
            "gzip" => new GZipStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            "br" => new BrotliStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
            _ => new ZLibStream(compressed, CompressionLevel.Fastest, leaveOpen: true),
        })
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(Text));
        }

        context.Response.Headers.ContentEncoding = encoding;
        context.Response.ContentLength = compressed.Length;
        await context.Response.Body.WriteAsync(compressed.ToArray());
    }

    private static Task StatusAsync(HttpResponse response, string status)
    {
        response.StatusCode = int.Parse(status, System.Globalization.CultureInfo.InvariantCulture);
        return Task.CompletedTask;
    }

    private static Task RedirectAsync(HttpResponse response, string status, string? to)
    {
        response.StatusCode = int.Parse(status, System.Globalization.CultureInfo.InvariantCulture);
        response.Headers.Location = to;
        response.ContentLength = 0;
        return Task.CompletedTask;
    }
}
