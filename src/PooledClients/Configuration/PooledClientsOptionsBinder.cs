using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace PooledClients.Configuration;

/// <summary>Binds the process-wide options from their section, before any code sets them.</summary>
internal sealed class PooledClientsOptionsBinder(IServiceProvider services, BindingErrors errors) : IConfigureOptions<PooledClientsOptions>
{
    public void Configure(PooledClientsOptions options)
        => SectionBinder.Bind(
            services.GetService<IConfiguration>(),
            ConfigurationKeys.Root,
            errors,
            options,
            static (section, options) => section.Bind(options),
            names: []);
}
