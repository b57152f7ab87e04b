using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Http;
using PooledClients.Http.Handlers;
using PooledClients.Scopes;

namespace PooledClients.DependencyInjection.Start;

/// <summary>What is wrong with the HTTP clients as the host starts.</summary>
internal sealed class HttpStartCheck(
    IServiceProvider services,
    IEnumerable<HttpClientRegistration> clients,
    IEnumerable<TypedHttpClient> typed,
    IOptionsMonitor<PooledHttpClientOptions> options,
    IOptionsMonitor<HttpClientSetup> setups,
    ServiceRegistrations registrations)
{
    /// <summary>Gets the clients' names.</summary>
    public IReadOnlyList<string> Names { get; } = [.. clients.Select(static client => client.Name).Distinct(StringComparer.Ordinal)];

    /// <summary>A name that is its type's is that of one type, as <see cref="IHttpClientFactory"/> has it; one that was given may be shared.</summary>
    public void CheckNames(StartFailures failures)
    {
        foreach (var shared in typed.GroupBy(static client => client.Name, StringComparer.Ordinal).Where(static shared => shared.Any(static client => client.IsNamedByType)))
        {
            failures.AddIfShared(ConfigurationKeys.Http(shared.Key), shared.Key, shared.Select(static client => client.ClientType), "options and handlers", "AddPooledHttpClient");
        }
    }

    /// <returns>The clients whose options are good.</returns>
    public HashSet<string> CheckOptions(StartFailures failures) =>
        Names.Where(client => failures.Try(ConfigurationKeys.Http(client), () => options.Get(client))).ToHashSet(StringComparer.Ordinal);

    /// <summary>Makes each client once with all that the application put into it; where that fails, each part is tried by itself.</summary>
    public void CheckParts(HashSet<string> good, StartFailures failures)
    {
        foreach (var client in Names)
        {
            CheckParts(client, good.Contains(client), failures);
        }
    }

    private void CheckParts(string client, bool isGood, StartFailures failures)
    {
        var key = ConfigurationKeys.Http(client);
        using var scope = new ShortScope(services);
        var isScoped = setups.Get(client).IsScoped;
        if (isScoped && client.Length > 0 && IsOfFactory(registrations.Find(typeof(HttpClient), client)))
        {
            failures.Add($"{key}: AddAsKeyed after AsScoped takes its place, and the keyed HttpClient belongs to no scope again; leave AddAsKeyed out: AsScoped makes the client a keyed one.");
        }

        if (isGood && failures.Try(key, () => CheckClient(client, isScoped)))
        {
            return;
        }

        using var root = new RootServices(ScopeWords.OfHttp(client), scope.ServiceProvider, registrations);
        var factoryOptions = isScoped ? ScopedHttpClients.OptionsOf(scope.ServiceProvider, client) : services.GetRequiredService<IOptionsMonitor<HttpClientFactoryOptions>>().Get(client);
        foreach (var failure in HandlerParts.FindFailures(client, factoryOptions, isScoped ? scope.ServiceProvider : root))
        {
            failures.Add(key, failure);
        }
    }

    private static bool IsOfFactory(ServiceDescriptor? service) => service is { IsKeyedService: true, KeyedImplementationFactory.Method.Module.Assembly: var assembly } && assembly == typeof(HttpClientFactoryOptions).Assembly;

    // What the client itself is told of its address is seen in the client alone.
    private void CheckClient(string name, bool isScoped)
    {
        using var scope = isScoped ? new ShortScope(services) : null;
        using var client = CreateClient(name, scope);

        // Only a second scope tells whether each would have connections of its own.
        using var other = isScoped ? new ShortScope(services) : null;
        using var second = other is null ? null : CreateClient(name, other);
        if (options.Get(name).Tls.IsSet && client.BaseAddress is { } address && address.Scheme != Uri.UriSchemeHttps && !ServiceTarget.IsDiscovered(address))
        {
            throw new OptionsValidationException(name, typeof(PooledHttpClientOptions), [
                $"{ConfigurationKeys.Http(name)}:{nameof(PooledHttpClientOptions.Tls)}: certificates are set, but the client's own BaseAddress (ConfigureHttpClient) is clear text ({address.Scheme}:), " +
                "where they are never used; use an https:// address or leave them out."]);
        }
    }

    private HttpClient CreateClient(string name, ShortScope? scope)
        => scope is null ? services.GetRequiredService<IHttpClientFactory>().CreateClient(name) : ScopedHttpClients.Create(scope.ServiceProvider, name);
}
