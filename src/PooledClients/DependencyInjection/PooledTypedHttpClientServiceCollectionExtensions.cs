using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Http;
using PooledClients;
using PooledClients.DependencyInjection;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds typed clients that are asked for by an interface or a base class, as <see cref="PooledHttpClientServiceCollectionExtensions"/> adds the others.</summary>
public static class PooledTypedHttpClientServiceCollectionExtensions
{
    private const DynamicallyAccessedMemberTypes NeededMembers = DynamicallyAccessedMemberTypes.PublicConstructors;

    /// <summary>Adds a typed client that is asked for by its interface or base class.</summary>
    /// <typeparam name="TClient">The type that is asked for; its name, without the namespace, is the client's.</typeparam>
    /// <typeparam name="TImplementation">The class that is made, whose constructor takes an <see cref="HttpClient"/>.</typeparam>
    /// <param name="services">The services.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<
        TClient, [DynamicallyAccessedMembers(NeededMembers)] TImplementation>(this IServiceCollection services)
        where TClient : class
        where TImplementation : class, TClient
        => Add<TClient, TImplementation>(services, name: null);

    /// <summary>Adds a typed client that is asked for by its interface or base class, configured by its section and then by code.</summary>
    /// <typeparam name="TClient">The type that is asked for; its name, without the namespace, is the client's.</typeparam>
    /// <typeparam name="TImplementation">The class that is made, whose constructor takes an <see cref="HttpClient"/>.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<
        TClient, [DynamicallyAccessedMembers(NeededMembers)] TImplementation>(this IServiceCollection services, Action<PooledHttpClientOptions> configure)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient, TImplementation>(services, name: null).With(configure);
    }

    /// <summary>Adds a typed client that is asked for by its interface or base class, under a name of its own.</summary>
    /// <typeparam name="TClient">The type that is asked for.</typeparam>
    /// <typeparam name="TImplementation">The class that is made, whose constructor takes an <see cref="HttpClient"/>.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name; its options are in the section <c>PooledClients:Http:&lt;name&gt;</c>.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<
        TClient, [DynamicallyAccessedMembers(NeededMembers)] TImplementation>(this IServiceCollection services, string name)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add<TClient, TImplementation>(services, name);
    }

    /// <summary>Adds a typed client that is asked for by its interface or base class, under a name of its own, configured by its section and then by code.</summary>
    /// <typeparam name="TClient">The type that is asked for.</typeparam>
    /// <typeparam name="TImplementation">The class that is made, whose constructor takes an <see cref="HttpClient"/>.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name; its options are in the section <c>PooledClients:Http:&lt;name&gt;</c>.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<
        TClient, [DynamicallyAccessedMembers(NeededMembers)] TImplementation>(this IServiceCollection services, string name, Action<PooledHttpClientOptions> configure)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient, TImplementation>(services, name).With(configure);
    }

    /// <summary>Adds a typed client that is asked for by its interface or base class, configured by its section and then by code that needs services.</summary>
    /// <typeparam name="TClient">The type that is asked for; its name, without the namespace, is the client's.</typeparam>
    /// <typeparam name="TImplementation">The class that is made, whose constructor takes an <see cref="HttpClient"/>.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<
        TClient, [DynamicallyAccessedMembers(NeededMembers)] TImplementation>(this IServiceCollection services, Action<IServiceProvider, PooledHttpClientOptions> configure)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient, TImplementation>(services, name: null).With(configure);
    }

    /// <summary>Adds a typed client that is asked for by its interface or base class, under a name of its own, configured by its section and then by code that needs services.</summary>
    /// <typeparam name="TClient">The type that is asked for.</typeparam>
    /// <typeparam name="TImplementation">The class that is made, whose constructor takes an <see cref="HttpClient"/>.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name; its options are in the section <c>PooledClients:Http:&lt;name&gt;</c>.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<
        TClient, [DynamicallyAccessedMembers(NeededMembers)] TImplementation>(this IServiceCollection services, string name, Action<IServiceProvider, PooledHttpClientOptions> configure)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient, TImplementation>(services, name).With(configure);
    }

    /// <summary>Adds a typed client that <paramref name="factory"/> makes.</summary>
    /// <typeparam name="TClient">The type that is asked for; its name, without the namespace, is the client's.</typeparam>
    /// <typeparam name="TImplementation">The class that is made.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="factory">Makes it of its client.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<TClient, TImplementation>(this IServiceCollection services, Func<HttpClient, TImplementation> factory)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentNullException.ThrowIfNull(factory);
        return services.AddTyped<TClient>(name: null, (services, client) => services.AddHttpClient<TClient, TImplementation>(client, factory), (client, _) => factory(client));
    }

    /// <summary>Adds a typed client that <paramref name="factory"/> makes.</summary>
    /// <typeparam name="TClient">The type that is asked for; its name, without the namespace, is the client's.</typeparam>
    /// <typeparam name="TImplementation">The class that is made.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="factory">Makes it of its client and the services of whoever asks for it.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<TClient, TImplementation>(this IServiceCollection services, Func<HttpClient, IServiceProvider, TImplementation> factory)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentNullException.ThrowIfNull(factory);
        return services.AddTyped<TClient>(name: null, (services, client) => services.AddHttpClient<TClient, TImplementation>(client, factory), factory);
    }

    /// <summary>Adds a typed client that <paramref name="factory"/> makes, under a name of its own.</summary>
    /// <typeparam name="TClient">The type that is asked for.</typeparam>
    /// <typeparam name="TImplementation">The class that is made.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name; its options are in the section <c>PooledClients:Http:&lt;name&gt;</c>.</param>
    /// <param name="factory">Makes it of its client.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<TClient, TImplementation>(this IServiceCollection services, string name, Func<HttpClient, TImplementation> factory)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(factory);
        return services.AddTyped<TClient>(name, (services, client) => services.AddHttpClient<TClient, TImplementation>(client, factory), (client, _) => factory(client));
    }

    /// <summary>Adds a typed client that <paramref name="factory"/> makes, under a name of its own.</summary>
    /// <typeparam name="TClient">The type that is asked for.</typeparam>
    /// <typeparam name="TImplementation">The class that is made.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name; its options are in the section <c>PooledClients:Http:&lt;name&gt;</c>.</param>
    /// <param name="factory">Makes it of its client and the services of whoever asks for it.</param>
    /// <returns>The ordinary builder of the client.</returns>
    public static IHttpClientBuilder AddPooledHttpClient<TClient, TImplementation>(this IServiceCollection services, string name, Func<HttpClient, IServiceProvider, TImplementation> factory)
        where TClient : class
        where TImplementation : class, TClient
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(factory);
        return services.AddTyped<TClient>(name, (services, client) => services.AddHttpClient<TClient, TImplementation>(client, factory), factory);
    }

    private static IHttpClientBuilder Add<TClient, [DynamicallyAccessedMembers(NeededMembers)] TImplementation>(IServiceCollection services, string? name)
        where TClient : class
        where TImplementation : class, TClient
        => services.AddTyped<TClient>(
            name,
            static (services, client) => services.AddHttpClient<TClient, TImplementation>(client),
            static (client, scope) => scope.GetRequiredService<ITypedHttpClientFactory<TImplementation>>().CreateClient(client));
}
