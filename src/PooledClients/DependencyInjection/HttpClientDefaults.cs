using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Diagnostics;

namespace PooledClients.DependencyInjection;

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

        var builder = new Builder(services);
        foreach (var configure in options.HttpMessageHandlerBuilderActions)
        {
            configure(builder);
        }

        List<string> parts = [.. builder.AdditionalHandlers.Select(static handler => handler.GetType().Name)];
        if (builder.IsPrimarySet)
        {
            parts.Add("a primary handler");
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

    private sealed class Builder(IServiceProvider services) : HttpMessageHandlerBuilder
    {
        private HttpMessageHandler? _primary;

        public override string? Name { get; set; } = NoClient;

        public override IServiceProvider Services => services;

        public override IList<DelegatingHandler> AdditionalHandlers { get; } = [];

        public bool IsPrimarySet => _primary is not (null or SocketsHttpHandler);

        // A default that adjusts the primary handler finds one.
        public override HttpMessageHandler PrimaryHandler
        {
            get => _primary ??= new SocketsHttpHandler();
            set => _primary = value;
        }

        public override HttpMessageHandler Build() => throw new NotSupportedException();
    }
}
