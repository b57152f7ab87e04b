using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;

namespace PooledClients.Http;

/// <summary>Binds an HTTP client's options from its section, before any code sets them.</summary>
internal sealed class PooledHttpClientOptionsBinder(IServiceProvider services, BindingErrors errors, IEnumerable<HttpClientRegistration> clients) : IConfigureNamedOptions<PooledHttpClientOptions>
{
    public void Configure(string? name, PooledHttpClientOptions options)
        => SectionBinder.Bind(
            services.GetService<IConfiguration>(),
            ConfigurationKeys.Http(name),
            errors,
            options,
            static (section, options) => section.Bind(options),
            clients.Select(static client => ConfigurationKeys.Http(client.Name)));

    public void Configure(PooledHttpClientOptions options) => Configure(Options.DefaultName, options);
}
