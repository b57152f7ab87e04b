using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using PooledClients.Http.Handlers;
using PooledClients.Scopes;

namespace PooledClients.Http;

/// <summary>
/// Makes clients of a scope as the factory makes those of all: what the application put into them gets the scope's services, and the connections below
/// are shared all the same.
/// </summary>
internal static class ScopedHttpClients
{
    public static HttpClient Create(IServiceProvider scope, string name)
    {
        // A singleton's: it belongs to no scope, and a scoped service is refused there.
        if (RootScope.IsRoot(scope))
        {
            return scope.GetRequiredService<IHttpClientFactory>().CreateClient(name);
        }

        var options = OptionsOf(scope, name);

        // The container disposes the client with the scope, and the scope its pipeline: other clients of the scope send by it too.
        var client = new HttpClient(scope.GetRequiredService<ScopePipelines>().GetOrMake(name, () => CreatePipeline(scope, name, options)), disposeHandler: false);
        foreach (var action in options.HttpClientActions)
        {
            action(client);
        }

        scope.GetRequiredService<HttpClients>().Find(name)?.Made(client);
        return client;
    }

    /// <summary>The factory's options of a client, with the scope's services for those who set them.</summary>
    public static HttpClientFactoryOptions OptionsOf(IServiceProvider scope, string name) => new OptionsFactory<HttpClientFactoryOptions>(
        scope.GetServices<IConfigureOptions<HttpClientFactoryOptions>>(), scope.GetServices<IPostConfigureOptions<HttpClientFactoryOptions>>()).Create(name);

    private static HttpMessageHandler CreatePipeline(IServiceProvider scope, string name, HttpClientFactoryOptions options)
    {
        var builder = new GivenServicesBuilder(scope.GetRequiredService<HttpMessageHandlerBuilder>(), scope) { Name = name };
        Action<HttpMessageHandlerBuilder> configure = builder => options.HttpMessageHandlerBuilderActions.ToList().ForEach(action => action(builder));
        foreach (var filter in scope.GetServices<IHttpMessageHandlerBuilderFilter>().Reverse())
        {
            configure = filter.Configure(configure);
        }

        configure(builder);

        // All scopes share the connections; a primary handler of the application's may be another's too.
        builder.PrimaryHandler = new KeptHandler(builder.PrimaryHandler);
        return builder.Build();
    }
}
