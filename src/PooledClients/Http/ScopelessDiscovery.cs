using System.Collections.Concurrent;
using PooledClients.Configuration;
using PooledClients.Http.Handlers;
using PooledClients.Platform;
using PooledClients.Scopes;

namespace PooledClients.Http;

/// <summary>
/// The handler of Microsoft.Extensions.ServiceDiscovery of each client whose scopes have pipelines of their own, one for all of them: it keeps what it has
/// found, and a timer that nobody ends, so that one made for each scope would be kept for good, and the scope with it.
/// </summary>
internal sealed class ScopelessDiscovery(IServiceProvider services) : IDisposable
{
    // Null where it is not known who adds the handler.
    private readonly ConcurrentDictionary<string, Shared?> _handlers = new(StringComparer.Ordinal);

    /// <summary>Puts the client's one handler in place of those that were made for a scope.</summary>
    public void Share(string name, IList<DelegatingHandler> handlers)
    {
        for (var i = 0; i < handlers.Count; i++)
        {
            if (RuntimeContracts.IsDiscovery(handlers[i].GetType()) && Get(name) is { } shared)
            {
                handlers[i].Dispose();
                handlers[i] = new SharedHandler(shared.Invoker);
            }
        }
    }

    public void Dispose()
    {
        foreach (var shared in _handlers.Values)
        {
            shared?.Dispose();
        }
    }

    // Nobody waits for another who makes it: each may hold what the other waits for, a lock of the container's.
    private Shared? Get(string name)
    {
        if (_handlers.TryGetValue(name, out var shared))
        {
            return shared;
        }

        var made = Make(name);
        shared = _handlers.GetOrAdd(name, made);
        if (shared != made)
        {
            made?.Dispose();
        }

        return shared;
    }

    // With the services of a scope that lasts, which is nobody's: what needs somebody's fails there, and is not what is looked for.
    private Shared? Make(string name)
    {
        var scope = new ShortScope(services);
        var builder = new ProbeHandlerBuilder(name, scope.ServiceProvider);
        foreach (var configure in ScopedHttpClients.OptionsOf(scope.ServiceProvider, name).HttpMessageHandlerBuilderActions)
        {
            StartFailures.Catch(() => configure(builder));
        }

        var found = builder.AdditionalHandlers.FirstOrDefault(static handler => RuntimeContracts.IsDiscovery(handler.GetType()));
        foreach (var other in builder.AdditionalHandlers.Where(handler => handler != found))
        {
            other.Dispose();
        }

        if (found is not null)
        {
            return new Shared(scope, SharedHandler.Share(found));
        }

        scope.Dispose();
        return null;
    }

    private sealed record Shared(ShortScope Scope, HttpMessageInvoker Invoker) : IDisposable
    {
        public void Dispose()
        {
            Invoker.Dispose();
            Scope.Dispose();
        }
    }
}
