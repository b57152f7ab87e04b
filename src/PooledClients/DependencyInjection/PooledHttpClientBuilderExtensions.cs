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
}
