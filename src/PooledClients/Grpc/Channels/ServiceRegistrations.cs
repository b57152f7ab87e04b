using Microsoft.Extensions.DependencyInjection;

namespace PooledClients.Grpc.Channels;

/// <summary>What the container was built from: it does not tell how long its services live.</summary>
internal sealed class ServiceRegistrations(IServiceCollection services)
{
    private readonly Lazy<ILookup<(Type, object?), ServiceDescriptor>> _index =
        new(() => services.ToLookup(static service => (service.ServiceType, service.IsKeyedService ? service.ServiceKey : null)));

    /// <summary>The registration that the container takes; none for what it has by itself.</summary>
    public ServiceDescriptor? Find(Type type, object? key) => FindAll(type, key).LastOrDefault();

    /// <summary>The scoped service that would be handed out for this one: itself, or an element of what it enumerates.</summary>
    public Type? FindScoped(Type type, object? key)
    {
        if (Find(type, key) is { } own)
        {
            return own.Lifetime == ServiceLifetime.Scoped ? type : null;
        }

        return type.IsConstructedGenericType && type.GetGenericTypeDefinition() == typeof(IEnumerable<>) && type.GenericTypeArguments[0] is var element
            && FindAll(element, key).Any(static service => service.Lifetime == ServiceLifetime.Scoped)
            ? element
            : null;
    }

    private IEnumerable<ServiceDescriptor> FindAll(Type type, object? key)
    {
        var found = FindExact(type, key);
        return key is null || found.Any() ? found : FindExact(type, KeyedService.AnyKey);
    }

    // The closed registration comes before the open one.
    private IEnumerable<ServiceDescriptor> FindExact(Type type, object? key)
    {
        var found = _index.Value[(type, key)];
        return found.Any() || !type.IsConstructedGenericType ? found : _index.Value[(type.GetGenericTypeDefinition(), key)];
    }
}
