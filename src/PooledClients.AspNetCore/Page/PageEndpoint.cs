using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Net.Http.Headers;

namespace PooledClients.AspNetCore.Page;

/// <summary>Answers a request for the page, in the form that is asked for.</summary>
internal static class PageEndpoint
{
    private const string Refusal =
        "This page is for requests from the machine itself, by the name localhost or its loopback address. To open it to others, give its endpoint a policy: app.MapPooledClients(\"/debug/pooled-clients\").RequireAuthorization(...).\n";

    public static async Task AnswerAsync(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.CacheControl = "no-store";
        headers.ContentSecurityPolicy = HtmlPage.Policy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers.Vary = "Accept";
        if (!LocalRequest.HasPolicy(context) && !LocalRequest.IsLocal(context))
        {
            context.Response.StatusCode = StatusCodes.Status403Forbidden;
            await WriteAsync(context, "text/plain; charset=utf-8", Encoding.UTF8.GetBytes(Refusal)).ConfigureAwait(false);
            return;
        }

        var snapshot = context.RequestServices.GetRequiredService<IPooledClientsDiagnostics>().Capture();
        var (type, body) = FormatOf(context.Request) switch
        {
            "json" => ("application/json; charset=utf-8", Json(snapshot)),
            "html" => ("text/html; charset=utf-8", Encoding.UTF8.GetBytes(HtmlPage.Write(new PageModel(snapshot)))),
            _ => ("text/plain; charset=utf-8", Encoding.UTF8.GetBytes(TextPage.Write(new PageModel(snapshot)))),
        };
        await WriteAsync(context, type, body).ConfigureAwait(false);
    }

    // A browser asks for HTML; what asks for anything is a terminal.
    private static string FormatOf(HttpRequest request)
    {
        if (request.Query["format"].ToString() is { Length: > 0 } format)
        {
            return format.ToLowerInvariant();
        }

        // Of what is wanted as much, what comes first.
        return request.GetTypedHeaders().Accept.Where(static type => type.Quality != 0).OrderByDescending(static type => type.Quality ?? 1)
            .Select(FormatOf).FirstOrDefault(static format => format is not null) ?? "text";
    }

    private static string? FormatOf(MediaTypeHeaderValue type) => type.MediaType.Value?.ToLowerInvariant() switch
    {
        "text/html" or "application/xhtml+xml" => "html",
        "application/json" => "json",
        "text/plain" or "text/*" or "*/*" => "text",
        _ => null,
    };

    private static byte[] Json(PooledClientsSnapshot snapshot)
    {
        using var json = new MemoryStream();
        using (var writer = new Utf8JsonWriter(json, new JsonWriterOptions { Indented = false }))
        {
            snapshot.WriteTo(writer);
        }

        return json.ToArray();
    }

    private static Task WriteAsync(HttpContext context, string type, byte[] body)
    {
        context.Response.ContentType = type;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }
}
