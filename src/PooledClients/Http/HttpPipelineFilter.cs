using Microsoft.Extensions.Http;
using Microsoft.Extensions.Http.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Connections.CallSites;
using PooledClients.Diagnostics;
using PooledClients.Http.Balancing;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Handlers;
using PooledClients.Http.Retries;
using PooledClients.Platform;
using PooledClients.Scopes;

namespace PooledClients.Http;

/// <summary>
/// Builds the handlers of pooled clients, and of those only. It is the outermost filter: the others, and what the user configured in
/// whatever order, have had their say before it puts its own handlers in front.
/// </summary>
internal sealed class HttpPipelineFilter(
    HttpClients clients,
    HttpTransports transports,
    ServiceRegistrations registrations,
    CallSiteSampler sampler,
    RequestDurationInstruments durations,
    HttpResilienceFactory resilience,
    ScopelessDiscovery discovery,
    ILoggerFactory loggers)
    : IHttpMessageHandlerBuilderFilter
{
    private readonly ILogger _logger = loggers.CreateLogger<HttpPipelineFilter>();

    public Action<HttpMessageHandlerBuilder> Configure(Action<HttpMessageHandlerBuilder> next)
        => builder =>
        {
            if (clients.Find(builder.Name ?? "") is { } client)
            {
                Build(builder, client, next);
            }
            else
            {
                next(builder);
            }
        };

    private void Build(HttpMessageHandlerBuilder builder, HttpClientState client, Action<HttpMessageHandlerBuilder> next)
    {
        // Set first, so that a handler of the user's own wins wherever it was set.
        var primary = transports.CreateHandler(client);
        builder.PrimaryHandler = primary;
        next(builder is GivenServicesBuilder ? builder : new GivenServicesBuilder(builder, new RootServices(ScopeWords.OfHttp(client.DisplayName), builder.Services, registrations)));

        if (primary is HttpEndpointsHandler)
        {
            // Whose endpoints are found here needs nobody to put one of them in place of the service's name before.
            foreach (var resolving in builder.AdditionalHandlers.Where(static handler => RuntimeContracts.IsDiscovery(handler.GetType())).ToArray())
            {
                builder.AdditionalHandlers.Remove(resolving);
            }
        }
        else if (builder is GivenServicesBuilder)
        {
            discovery.Share(client.Name, builder.AdditionalHandlers);
        }

        PassLoggingBy(builder);
        var isFirst = client.TryAnnounce();
        if (builder.PrimaryHandler != primary && client.Options.Tls.IsSet)
        {
            throw new OptionsValidationException(client.DisplayName, typeof(PooledHttpClientOptions), [
                $"{ConfigurationKeys.Http(client.Name)}:{nameof(PooledHttpClientOptions.Tls)}: certificates are set, but the client's primary handler was replaced by a " +
                $"{builder.PrimaryHandler.GetType()}, which knows nothing of them and would trust whom it likes. Adjust the pooled handler by ConfigurePooledHandler instead of " +
                "ConfigurePrimaryHttpMessageHandler or UseSocketsHttpHandler (of this client, or of ConfigureHttpClientDefaults), or leave the certificates out."]);
        }

        if (builder is GivenServicesBuilder && builder.PrimaryHandler != primary && !client.MayBeOfScope(builder.PrimaryHandler))
        {
            throw new InvalidOperationException(
                $"HTTP client '{client.DisplayName}' has AsScoped(), and its primary handler is a new {builder.PrimaryHandler.GetType()} for each scope: each scope would open connections of its own, " +
                "which nobody closes. Adjust the pooled handler, whose connections all scopes share, by ConfigurePooledHandler instead of ConfigurePrimaryHttpMessageHandler or " +
                "UseSocketsHttpHandler, or give all scopes the same handler.");
        }

        if (builder.PrimaryHandler != primary && isFirst)
        {
            _logger.ForeignPrimaryHandler(client.DisplayName, builder.PrimaryHandler.GetType().ToString());
        }

        builder.AdditionalHandlers.Insert(0, new HttpExchangeHandler(client, sampler, durations, CreateResilience(builder, client, isFirst))
        {
            HasTransport = builder.PrimaryHandler == primary,
            HasHandlers = builder.PrimaryHandler != primary || builder.AdditionalHandlers.Any(static handler => handler is not LoggingBypassHandler),
        });
    }

    private HttpResilience? CreateResilience(HttpMessageHandlerBuilder builder, HttpClientState client, bool isFirst)
    {
        if (builder.AdditionalHandlers.FirstOrDefault(static handler => IsResilience(handler.GetType())) is not { } theirs)
        {
            return client.Options.Resilience is { Retry.Enabled: true } or { Breaker.Enabled: true }
                ? client.GetOrMakeResilience(() => resilience.Create(client.DisplayName, client.Options.Resilience, ServiceAddress.SocketOf(client.Options.BaseAddress)))
                : null;
        }

        if (isFirst)
        {
            client.HasTimeoutLifted = builder.AdditionalHandlers.Any(static handler => handler.GetType().FullName?.StartsWith(RuntimeContracts.ResilienceNamespace, StringComparison.Ordinal) == true);
            _logger.ResilienceLeftToHandler(client.DisplayName, theirs.GetType().Name);
        }

        return null;
    }

    // What the factory adds by itself; loggers that were asked for (AddLogger) are other handlers.
    private void PassLoggingBy(HttpMessageHandlerBuilder builder)
    {
        var category = $"System.Net.Http.HttpClient.{(string.IsNullOrEmpty(builder.Name) ? "Default" : builder.Name)}.";
        var inner = loggers.CreateLogger(category + "ClientHandler");
        for (var i = 0; i < builder.AdditionalHandlers.Count; i++)
        {
            var handler = builder.AdditionalHandlers[i];
            builder.AdditionalHandlers[i] = handler switch
            {
                LoggingScopeHttpMessageHandler => new LoggingBypassHandler(handler, loggers.CreateLogger(category + "LogicalHandler"), inner),
                LoggingHttpMessageHandler => new LoggingBypassHandler(handler, inner),
                _ => handler,
            };
        }
    }

    private static bool IsResilience(Type type) => type.FullName is { } name
        && (name.StartsWith(RuntimeContracts.ResilienceNamespace, StringComparison.Ordinal) || name == RuntimeContracts.PolicyHandler);
}
