using PooledClients;
using PooledClients.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures what holds for all pooled clients of the process.</summary>
public static class PooledClientsServiceCollectionExtensions
{
    /// <summary>Sets the options of the process as a whole, on top of the configuration section <c>PooledClients</c>.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection ConfigurePooledClients(this IServiceCollection services, Action<PooledClientsOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(configure);
        return services.AddPooledClientsCore().Configure(configure);
    }
}
