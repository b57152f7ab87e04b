using System.Collections.Concurrent;

namespace PooledClients.Grpc.Balancing;

/// <summary>One <see cref="BalancerResolver"/> an address, until the container is disposed.</summary>
internal sealed class BalancerResolverPool(IServiceProvider services) : IDisposable
{
    private readonly ConcurrentDictionary<Uri, Lazy<BalancerResolver>> _resolvers = new();

    public BalancerResolver Get(Uri address) =>
        _resolvers.GetOrAdd(address, static (_, services) => new Lazy<BalancerResolver>(() => new BalancerResolver(services)), services).Value;

    public void Dispose()
    {
        foreach (var resolver in _resolvers.Values.Where(static resolver => resolver.IsValueCreated))
        {
            resolver.Value.Dispose();
        }
    }
}
