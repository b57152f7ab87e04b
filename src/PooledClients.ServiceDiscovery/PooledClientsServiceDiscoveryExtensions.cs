using Microsoft.Extensions.DependencyInjection.Extensions;
using PooledClients;
using PooledClients.ServiceDiscovery;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Lets pooled clients find their endpoints by <c>Microsoft.Extensions.ServiceDiscovery</c>.</summary>
public static class PooledClientsServiceDiscoveryExtensions
{
    /// <summary>
    /// Makes <see cref="EndpointResolver.ServiceDiscovery"/> known to all pooled clients. Adds the application's service discovery with its
    /// defaults, unless it was added before.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection AddPooledClientsServiceDiscovery(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddServiceDiscovery();
        services.TryAddKeyedSingleton<IEndpointResolver, ServiceDiscoveryResolver>(EndpointResolver.ServiceDiscovery);
        return services;
    }

    /// <summary>
    /// Has this client find its endpoints by service discovery: the host of its address is a service's name, as in <c>https://search</c>,
    /// <c>https+http://search</c> or <c>https://_grpc.search</c>.
    /// </summary>
    /// <param name="builder">The client's builder.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IPooledGrpcClientBuilder AddServiceDiscovery(this IPooledGrpcClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddPooledClientsServiceDiscovery();
        builder.Services.Configure<PooledGrpcClientOptions>(builder.Name, static options => options.Endpoints.Resolver = EndpointResolver.ServiceDiscovery);
        return builder;
    }
}
