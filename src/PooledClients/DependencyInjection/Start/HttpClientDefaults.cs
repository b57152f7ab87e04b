using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Diagnostics;
using PooledClients.Http.Handlers;
using PooledClients.Scopes;

namespace PooledClients.DependencyInjection.Start;

/// <summary>
/// Says at start what <c>ConfigureHttpClientDefaults</c> gave to all clients of the HTTP client factory, for pooled gRPC clients are none of them.
/// </summary>
internal static class HttpClientDefaults
{
    // A name that no client has: its options are the defaults of all.
    private const string NoClient = "PooledClients.HttpClientDefaults";

    public static void Report(IServiceProvider services, IReadOnlyCollection<string> grpcClients, ILogger logger)
    {
        if (grpcClients.Count == 0 || services.GetService<IOptionsMonitor<HttpClientFactoryOptions>>()?.Get(NoClient) is not { } options)
        {
            return;
        }

        // As the factory makes them: with the services of a scope.
        using var scope = new ShortScope(services);
        var builder = new ProbeHandlerBuilder(NoClient, scope.ServiceProvider);
        foreach (var configure in options.HttpMessageHandlerBuilderActions)
        {
            configure(builder);
        }

        List<string> parts = [.. builder.AdditionalHandlers.Select(static handler => handler.GetType().Name)];
        if (builder.IsPrimaryTouched)
        {
            parts.Add("a primary handler, or what adjusts it");
        }

        if (options.HttpClientActions.Count > 0)
        {
            parts.Add("settings of the HttpClient");
        }

        if (parts.Count > 0)
        {
            logger.HttpClientDefaultsIgnored(string.Join(", ", parts), string.Join(", ", grpcClients));
        }
    }
}
