using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace PooledClients.Scenarios.Servers;

/// <summary>The HTTP API.</summary>
internal static class Api
{
    private const int RecordLength = 16 * 1024;
    private const int ValueLength = 100;
    private static readonly byte[] Record = new byte[RecordLength];

    public static void Map(IEndpointRouteBuilder routes, ServerState state)
    {
        routes.MapPost("/files", async (UploadedFile file, HttpContext context) =>
        {
            state.RecordWrite(file.Name);
            if (await state.EnterAsync(state.Behaviour.ApiDelayMs, context.RequestAborted))
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            await context.Response.WriteAsJsonAsync(file, context.RequestAborted);
        });
        routes.MapGet("/records/{id}", async (string id, HttpContext context) =>
        {
            if (await state.EnterAsync(state.Behaviour.ApiDelayMs, context.RequestAborted))
            {
                context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
                return;
            }

            await AnswerAsync(context);
        });
        routes.MapGet("/values/{id}", static (HttpContext context) =>
        {
            context.Response.ContentType = "application/octet-stream";
            context.Response.ContentLength = ValueLength;
            return context.Response.Body.WriteAsync(Record.AsMemory(0, ValueLength), context.RequestAborted).AsTask();
        });
        routes.MapGet("/stalls/{id:int}", async (int id, HttpContext context) =>
        {
            context.Response.ContentLength = RecordLength;
            await context.Response.Body.WriteAsync(Record.AsMemory(0, RecordLength / 2), context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await state.StallAsync(id, context.RequestAborted);
        });
    }

    private static async Task AnswerAsync(HttpContext context)
    {
        context.Response.ContentType = "application/octet-stream";
        context.Response.ContentLength = RecordLength;
        await context.Response.Body.WriteAsync(Record, context.RequestAborted);
    }
}
