using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Http;

/// <summary>An HTTP API with every shape of body, and with bodies that stop in the middle.</summary>
internal sealed class HttpApi
{
    public const string Text = "the quick brown fox";

    private int _aborted;
    private int _stalled;

    /// <summary>Gets how many exchanges the client gave up: a closed connection over HTTP/1.1, a reset stream over HTTP/2.</summary>
    public int Aborted => Volatile.Read(ref _aborted);

    /// <summary>Gets how many bodies have come to their stop.</summary>
    public int Stalled => Volatile.Read(ref _stalled);

    /// <summary>Gets how often each "METHOD /path" arrived.</summary>
    public ConcurrentDictionary<string, int> Arrivals { get; } = new(StringComparer.Ordinal);

    /// <summary>Gets what <c>/answers</c> gives, one status a request; 200 when there is none left.</summary>
    public ConcurrentQueue<HttpStatusCode> Answers { get; } = new();

    /// <summary>Gets or sets the Retry-After of the failing answers of <c>/answers</c>.</summary>
    public string? RetryAfter { get; set; }

    /// <summary>Gets where <c>/redirect</c> leads.</summary>
    public Uri RedirectTo { get; init; } = new("/text", UriKind.Relative);

    public Task<TestServer> StartAsync(Version version, bool tls = false)
        => TestServer.StartAsync(new TestServerOptions
        {
            Tls = tls,
            Protocols = version.Major == 2 ? HttpProtocols.Http2 : HttpProtocols.Http1,
            Map = Map,
        });

    private void Map(WebApplication application)
    {
        application.Use((context, next) =>
        {
            Arrivals.AddOrUpdate($"{context.Request.Method} {context.Request.Path}", 1, static (_, count) => count + 1);
            return next(context);
        });
        application.Map("/text", () => Text);
        application.Map("/length", (HttpResponse response) =>
        {
            response.ContentLength = Text.Length;
            return response.WriteAsync(Text);
        });
        application.Map("/json", () => Results.Json(new UploadedFile("a.txt", 1)));
        application.Map("/empty", () => Results.Ok());
        application.Map("/status/{code:int}", (int code) => Results.StatusCode(code));
        application.Map("/chunked", ChunkedAsync);
        application.Map("/big", (HttpResponse response) => response.Body.WriteAsync(new byte[1_000_000]).AsTask());
        application.Map("/stall", (HttpContext context) => StallAsync(context, headers: true, body: true));
        application.Map("/stall/headers", (HttpContext context) => StallAsync(context, headers: true, body: false));
        application.Map("/stall/all", (HttpContext context) => StallAsync(context, headers: false, body: false));
        application.Map("/stall/upload", StallUploadAsync);
        application.Map("/upgrade", UpgradeAsync);
        application.Map("/redirect", () => Results.Redirect(RedirectTo.ToString()));
        application.Map("/gzip", (HttpContext context) => GzipAsync(context));
        application.Map("/headers/{length:int}", (int length, HttpResponse response) => response.Headers.Append("x-large", new string('a', length)));
        application.Map("/echo", (HttpRequest request, HttpResponse response) => request.Body.CopyToAsync(response.Body));
        application.Map("/answers", Answer);
    }

    private IResult Answer(HttpResponse response)
    {
        var status = Answers.TryDequeue(out var answer) ? answer : HttpStatusCode.OK;
        if (status != HttpStatusCode.OK && RetryAfter is not null)
        {
            response.Headers.RetryAfter = RetryAfter;
        }

        return Results.Text(Text, statusCode: (int)status);
    }

    private static async Task ChunkedAsync(HttpResponse response)
    {
        foreach (var word in Text.Split(' '))
        {
            await response.WriteAsync(word);
            await response.Body.FlushAsync();
        }
    }

    private static async Task GzipAsync(HttpContext context)
    {
        context.Response.Headers.ContentEncoding = "gzip";
        await using var gzip = new System.IO.Compression.GZipStream(context.Response.Body, System.IO.Compression.CompressionLevel.Fastest);
        await gzip.WriteAsync(System.Text.Encoding.UTF8.GetBytes(Text));
    }

    private static async Task UpgradeAsync(HttpContext context)
    {
        await using var stream = await context.Features.GetRequiredFeature<IHttpUpgradeFeature>().UpgradeAsync();
        var buffer = new byte[64];
        int count;
        while ((count = await stream.ReadAsync(buffer)) > 0)
        {
            await stream.WriteAsync(buffer.AsMemory(0, count));
        }
    }

    private async Task StallUploadAsync(HttpContext context)
    {
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        await StallAsync(context, headers: false, body: false);
    }

    private async Task StallAsync(HttpContext context, bool headers, bool body)
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

        Interlocked.Increment(ref _stalled);
        try
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        }
        catch (OperationCanceledException)
        {
            Interlocked.Increment(ref _aborted);
        }
    }
}
