using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Diagnostics;
using PooledClients.Scopes;

namespace PooledClients.Http;

/// <summary>
/// Makes the options of the factory's clients: as ever, but what is given services along with a pooled client, such as
/// <c>ConfigureHttpClient((services, client) => …)</c>, gets those of what is made once for all callers. And a pooled client's handler lives for ever,
/// whoever said otherwise: its connections have lifetimes of their own, and a new handler every two minutes would only multiply them. The last of the
/// actions for a pooled client is the library's own.
/// </summary>
internal sealed class ClientFactoryOptions(
    IServiceProvider services,
    ServiceRegistrations registrations,
    IEnumerable<HttpClientRegistration> clients,
    IEnumerable<IConfigureOptions<HttpClientFactoryOptions>> setups,
    IEnumerable<IPostConfigureOptions<HttpClientFactoryOptions>> postConfigures,
    IEnumerable<IValidateOptions<HttpClientFactoryOptions>> validations,
    ILogger<ClientFactoryOptions> logger) : IOptionsFactory<HttpClientFactoryOptions>
{
    private static readonly TimeSpan DefaultLifetime = new HttpClientFactoryOptions().HandlerLifetime;

    private readonly HashSet<string> _pooled = clients.Select(static client => client.Name).ToHashSet(StringComparer.Ordinal);

    public HttpClientFactoryOptions Create(string name)
    {
        if (!_pooled.Contains(name))
        {
            return new OptionsFactory<HttpClientFactoryOptions>(setups, postConfigures, validations).Create(name);
        }

        var root = new RootServices(ScopeWords.OfHttp(name), services, registrations);
        var options = new OptionsFactory<HttpClientFactoryOptions>(root.GetServices<IConfigureOptions<HttpClientFactoryOptions>>(), postConfigures, validations).Create(name);
        if (options.HandlerLifetime != DefaultLifetime && options.HandlerLifetime != Timeout.InfiniteTimeSpan)
        {
            logger.HandlerLifetimeIgnored(name, options.HandlerLifetime);
        }

        options.HandlerLifetime = Timeout.InfiniteTimeSpan;

        // The last, so that it sees what all others did. The clients need these options themselves, so they are asked for by the first that is made.
        var state = new Lazy<HttpClientState?>(() => services.GetRequiredService<HttpClients>().Find(name), LazyThreadSafetyMode.PublicationOnly);
        options.HttpClientActions.Add(client => state.Value?.Made(client));
        return options;
    }
}
