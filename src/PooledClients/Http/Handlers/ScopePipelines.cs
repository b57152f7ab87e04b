using System.Collections.Concurrent;

namespace PooledClients.Http.Handlers;

/// <summary>The pipelines of a scope, one a client, disposed with it as <see cref="IHttpClientFactory"/> disposes its own.</summary>
internal sealed class ScopePipelines : IDisposable
{
    private readonly ConcurrentDictionary<string, HttpMessageHandler> _pipelines = new(StringComparer.Ordinal);

    /// <summary>
    /// The pipeline of this client. Nobody waits for another who makes it, for each may hold what the other waits for, a lock of the container's: the
    /// first that is made is used.
    /// </summary>
    public HttpMessageHandler GetOrMake(string name, Func<HttpMessageHandler> make)
    {
        if (_pipelines.TryGetValue(name, out var pipeline))
        {
            return pipeline;
        }

        var made = make();
        pipeline = _pipelines.GetOrAdd(name, made);
        if (pipeline != made)
        {
            made.Dispose();
        }

        return pipeline;
    }

    public void Dispose()
    {
        foreach (var pipeline in _pipelines.Values)
        {
            pipeline.Dispose();
        }
    }
}
