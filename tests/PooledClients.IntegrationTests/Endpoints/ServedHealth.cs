using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>A server's health, as the test says it, watched by clients of grpc.health.v1.</summary>
internal sealed class ServedHealth
{
    // A frame of gRPC's, and in it the number of a field and its length.
    private const int NameAt = 7;

    private volatile bool _serves;
    private volatile string? _asked;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Gets the service that was asked for last.</summary>
    public string? Asked => _asked;

    public void Set(bool serves)
    {
        _serves = serves;
        Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
    }

    public void Map(WebApplication application) => application.MapPost("/grpc.health.v1.Health/Watch", (RequestDelegate)WatchAsync);

    private async Task WatchAsync(HttpContext context)
    {
        using var request = new MemoryStream();
        await context.Request.Body.CopyToAsync(request, context.RequestAborted);
        _asked = Encoding.UTF8.GetString(request.ToArray().AsSpan(NameAt));
        context.Response.ContentType = "application/grpc";
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            await context.Response.Body.WriteAsync(new byte[] { 0, 0, 0, 0, 2, 8, (byte)(_serves ? 1 : 2) }, context.RequestAborted);
            await context.Response.Body.FlushAsync(context.RequestAborted);
            await changed.WaitAsync(context.RequestAborted);
        }
    }
}
