using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>What one run sees of the shared servers, and what they see of it.</summary>
internal sealed class KestrelPeer(Uri address) : IPeer
{
    private readonly ConcurrentQueue<(string Request, string Line)> _seen = new();
    private readonly ConcurrentDictionary<string, int> _connections = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _aborted = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _active;

    public Uri Address { get; } = address;

    /// <summary>Gets the end of a request that stalls, by the client.</summary>
    public Task Aborted => _aborted.Task;

    /// <summary>Gets the moment at which a request that stalls has come as far as it gets.</summary>
    public Task Reached => _reached.Task;

    public async Task ServeAsync(HttpContext context)
    {
        Interlocked.Increment(ref _active);
        try
        {
            if (context.Request.Path != "/unseen")
            {
                Note(context, Describe(context));
            }

            await KestrelApi.ServeAsync(context, this);
        }
        finally
        {
            Interlocked.Decrement(ref _active);
        }
    }

    public void Reach() => _reached.TrySetResult();

    public void Abort() => _aborted.TrySetResult();

    public void Note(HttpContext context, string line) => _seen.Enqueue((context.TraceIdentifier, line));

    /// <summary>Does nothing more until the client gives the request up.</summary>
    public async Task StallAsync(HttpContext context)
    {
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var registration = context.RequestAborted.Register(ended.SetResult);
        Reach();
        await ended.Task;
        Abort();
    }

    public async Task<IReadOnlyList<string>> EndAsync()
    {
        await Eventually.EqualAsync(0, () => Volatile.Read(ref _active));

        // In the order in which they were sent: requests of one connection may be served out of it.
        var connections = _seen.Select(static seen => seen.Request.Split(':')[0]).Distinct().ToList();
        return [.. _seen.OrderBy(seen => connections.IndexOf(seen.Request.Split(':')[0])).ThenBy(static seen => seen.Request, StringComparer.Ordinal).Select(static seen => seen.Line)];
    }

    public ValueTask DisposeAsync() => default;

    // A digest answers with a number that is drawn anew for each request, and for an address that has the number of the run.
    private static string WithoutChance(string value) => value.StartsWith("Digest ", StringComparison.Ordinal)
        ? System.Text.RegularExpressions.Regex.Replace(value, "(cnonce|response|uri)=\"[^\"]*\"", "$1")
        : value;

    private string Describe(HttpContext context)
    {
        var request = context.Request;
        var number = _connections.GetOrAdd(context.Connection.Id, _ => _connections.Count + 1);
        var headers = request.Headers
            .Where(static header => header.Key is not "Host" && !Outcome.IsOfTracing(header.Key))
            .Where(static header => header.Key is not ("Sec-WebSocket-Key" or ":protocol"))
            .Select(static header => $"{header.Key}: {WithoutChance(header.Value.ToString())}")
            .Order(StringComparer.Ordinal);
        return Outcome.Text($"connection {number}: {request.Method} {request.Path}{request.QueryString} {request.Protocol} | {string.Join(" | ", headers)}");
    }
}
