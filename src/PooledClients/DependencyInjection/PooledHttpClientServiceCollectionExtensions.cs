using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Http;
using PooledClients;
using PooledClients.DependencyInjection;
using PooledClients.Http;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Adds clients of <see cref="IHttpClientFactory"/> whose exchanges end at their deadline, whose leaks are found, and whose connections
/// are pooled, trusted and budgeted with those of all other pooled clients.
/// </summary>
public static class PooledHttpClientServiceCollectionExtensions
{
    private const DynamicallyAccessedMemberTypes NeededMembers = DynamicallyAccessedMemberTypes.PublicConstructors;

    /// <summary>
    /// Adds the unnamed client: what <see cref="HttpClient"/> as a service and <c>CreateClient()</c> give. Its options are in the
    /// section <c>PooledClients:Http:Default</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient(this IServiceCollection services)
        => AddUnnamed(services);

    /// <summary>Adds the unnamed client, configured by its section and then by code.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient(this IServiceCollection services, Action<PooledHttpClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return AddUnnamed(services).With(configure);
    }

    /// <summary>
    /// Adds a named client, for <c>CreateClient(name)</c> and as a keyed service, one a scope, as <c>AddAsKeyed</c> has it; a singleton takes the
    /// factory, or the builder's <c>AddAsKeyed(ServiceLifetime.Singleton)</c>. Its options are in the section <c>PooledClients:Http:&lt;name&gt;</c>.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient(this IServiceCollection services, string name)
        => AddNamed(services, name);

    /// <summary>Adds a named client, configured by its section and then by code.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient(this IServiceCollection services, string name, Action<PooledHttpClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return AddNamed(services, name).With(configure);
    }

    /// <summary>
    /// Adds a typed client: a class whose constructor takes an <see cref="HttpClient"/>. Its options are in the section
    /// <c>PooledClients:Http:&lt;type&gt;</c>. It may be injected into singletons: its connections are replaced under it.
    /// </summary>
    /// <typeparam name="TClient">The client's type; its name, without the namespace, is the client's.</typeparam>
    /// <param name="services">The services.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<[DynamicallyAccessedMembers(NeededMembers)] TClient>(this IServiceCollection services)
        where TClient : class
        => AddTyped<TClient>(services, name: null);

    /// <summary>Adds a typed client, configured by its section and then by code.</summary>
    /// <typeparam name="TClient">The client's type; its name, without the namespace, is the client's.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<[DynamicallyAccessedMembers(NeededMembers)] TClient>(
        this IServiceCollection services, Action<PooledHttpClientOptions> configure)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(configure);
        return AddTyped<TClient>(services, name: null).With(configure);
    }

    /// <summary>Adds a typed client under a name of its own, with the options of the section <c>PooledClients:Http:&lt;name&gt;</c>.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<[DynamicallyAccessedMembers(NeededMembers)] TClient>(this IServiceCollection services, string name)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return AddTyped<TClient>(services, name);
    }

    /// <summary>Adds a typed client under a name of its own, configured by its section and then by code.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<[DynamicallyAccessedMembers(NeededMembers)] TClient>(
        this IServiceCollection services, string name, Action<PooledHttpClientOptions> configure)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        return AddTyped<TClient>(services, name).With(configure);
    }

    /// <summary>Adds the unnamed client, configured by its section and then by code that needs services.</summary>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient(this IServiceCollection services, Action<IServiceProvider, PooledHttpClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return AddUnnamed(services).With(configure);
    }

    /// <summary>Adds a named client, configured by its section and then by code that needs services.</summary>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient(this IServiceCollection services, string name, Action<IServiceProvider, PooledHttpClientOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        return AddNamed(services, name).With(configure);
    }

    /// <summary>Adds a typed client, configured by its section and then by code that needs services.</summary>
    /// <typeparam name="TClient">The client's type; its name, without the namespace, is the client's.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<[DynamicallyAccessedMembers(NeededMembers)] TClient>(
        this IServiceCollection services, Action<IServiceProvider, PooledHttpClientOptions> configure)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(configure);
        return AddTyped<TClient>(services, name: null).With(configure);
    }

    /// <summary>Adds a typed client under a name of its own, configured by its section and then by code that needs services.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<[DynamicallyAccessedMembers(NeededMembers)] TClient>(
        this IServiceCollection services, string name, Action<IServiceProvider, PooledHttpClientOptions> configure)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        return AddTyped<TClient>(services, name).With(configure);
    }

    private static IHttpClientBuilder AddUnnamed(IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        return services.AddPooledHttp(Options.Options.DefaultName).AddHttpClient(Options.Options.DefaultName).Registered();
    }

    private static IHttpClientBuilder AddNamed(IServiceCollection services, string name)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);

        // Scoped, as Microsoft's: a client has state, such as the headers of one scope's user. Its handler outlives it.
        return services.AddPooledHttp(name).AddHttpClient(name).AddAsKeyed().Registered();
    }

    private static IHttpClientBuilder AddTyped<[DynamicallyAccessedMembers(NeededMembers)] TClient>(IServiceCollection services, string? name)
        where TClient : class
        => services.AddTyped(
            name,
            static (services, client) => services.AddHttpClient<TClient>(client),
            static (client, scope) => scope.GetRequiredService<ITypedHttpClientFactory<TClient>>().CreateClient(client));
}
