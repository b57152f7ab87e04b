using PooledClients.DependencyInjection;
using PooledClients.Http;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Configures a pooled HTTP client beyond its options.</summary>
public static class PooledHttpClientBuilderExtensions
{
    /// <summary>
    /// Adjusts the handler under the client, each time that one is made: proxy and its credentials, redirects, and so on. What the
    /// library stands on stays its own: the connect callback, the connect timeout and certificate validation. A client with a handler
    /// of its own shares no connection.
    /// </summary>
    /// <param name="builder">The builder of a client that was added by <c>AddPooledHttpClient</c>.</param>
    /// <param name="configure">Adjusts a handler that has the library's defaults.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHttpClientBuilder ConfigurePooledHandler(this IHttpClientBuilder builder, Action<SocketsHttpHandler> configure)
    {
        ArgumentNullException.ThrowIfNull(builder);
        ArgumentNullException.ThrowIfNull(configure);
        builder.Services.Configure<HttpClientSetup>(builder.Name, setup => setup.HandlerActions.Add(configure));
        return builder;
    }

    /// <summary>
    /// Gives each scope its own client, over the same connections: its message handlers and <c>ConfigureHttpClient</c> get the scope's services, so that each
    /// request carries its own user's token. It is the keyed <see cref="HttpClient"/> of a named client, the <see cref="HttpClient"/> of the unnamed one, and what a typed
    /// client of <c>AddPooledHttpClient</c> is made with; a client of <see cref="IHttpClientFactory"/> belongs to no scope, and a scoped service is refused there. A pipeline is then
    /// made for each scope, which costs it some microseconds, and disposed of with it.
    /// </summary>
    /// <param name="builder">The builder of a client that was added by <c>AddPooledHttpClient</c>.</param>
    /// <returns><paramref name="builder"/>.</returns>
    public static IHttpClientBuilder AsScoped(this IHttpClientBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var name = builder.Name;
        if (!builder.Services.Any(service => !service.IsKeyedService && service.ImplementationInstance is HttpClientRegistration added && added.Name == name))
        {
            throw new InvalidOperationException($"HTTP client '{name}' is no pooled one: add it with AddPooledHttpClient before AsScoped.");
        }

        ScopedHttpRegistration.Add(builder.Services, name);
        builder.Services.Configure<HttpClientSetup>(name, static setup => setup.IsScoped = true);
        return builder;
    }
}
