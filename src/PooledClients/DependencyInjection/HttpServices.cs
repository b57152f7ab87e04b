using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Http;
using PooledClients.Scopes;

namespace PooledClients.DependencyInjection;

/// <summary>What makes a client of <see cref="IHttpClientFactory"/> a pooled one.</summary>
internal static class HttpServices
{
    public static IServiceCollection AddPooledHttp(this IServiceCollection services, string name)
    {
        services.AddPooledClientsCore();
        services.AddPipelineFilter();
        services.TryAddSingleton<IOptionsFactory<HttpClientFactoryOptions>, ClientFactoryOptions>();
        if (!services.Any(service => !service.IsKeyedService && service.ImplementationInstance is HttpClientRegistration added && added.Name == name))
        {
            services.AddSingleton(new HttpClientRegistration(name));
            services.AddOptions<HttpClientFactoryOptions>(name).Configure<IServiceProvider>((options, provider) => Configure(options, name, provider));
        }

        return services;
    }

    /// <summary>Adds the typed client that <paramref name="add"/> registers; with <c>AsScoped</c>, <paramref name="create"/> makes it of its scope's client.</summary>
    public static IHttpClientBuilder AddTyped<TClient>(
        this IServiceCollection services, string? name, Func<IServiceCollection, string, IHttpClientBuilder> add, Func<HttpClient, IServiceProvider, TClient> create)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(services);
        var client = name ?? TypedHttpClient.NameOf(typeof(TClient));
        services.AddSingleton(new TypedHttpClient(
            client, typeof(TClient), IsNamedByType: name is null, scoped => scoped.AddTransient(scope => create(ScopedHttpClients.Create(scope, client), scope))));
        return add(services.AddPooledHttp(client), client).Registered();
    }

    /// <summary>Ends the registration of a client: what was said of it before still holds.</summary>
    public static IHttpClientBuilder Registered(this IHttpClientBuilder builder)
    {
        ScopedHttpRegistration.Renew(builder.Services, builder.Name);
        return builder;
    }

    public static IHttpClientBuilder With(this IHttpClientBuilder builder, Action<PooledHttpClientOptions> configure)
    {
        builder.Services.Configure(builder.Name, configure);
        return builder;
    }

    public static IHttpClientBuilder With(this IHttpClientBuilder builder, Action<IServiceProvider, PooledHttpClientOptions> configure)
    {
        builder.Services.ConfigureByServices(builder.Name, ScopeWords.OfHttp(builder.Name), configure);
        return builder;
    }

    // The first of all filters is the outermost: it sees what all others did, whoever came first.
    private static void AddPipelineFilter(this IServiceCollection services)
    {
        if (!services.Any(static service => !service.IsKeyedService && service.ImplementationType == typeof(HttpPipelineFilter)))
        {
            services.Insert(0, ServiceDescriptor.Singleton<IHttpMessageHandlerBuilderFilter, HttpPipelineFilter>());
        }
    }

    private static void Configure(HttpClientFactoryOptions options, string name, IServiceProvider provider)
    {
        // Options are read once; a client is made for each request, in many an application.
        var address = new Lazy<Uri?>(() => AddressOf(name, provider), LazyThreadSafetyMode.PublicationOnly);

        // First, so that what the user sets wins wherever it was set.
        options.HttpClientActions.Insert(0, client =>
        {
            client.BaseAddress = address.Value;
            client.Timeout = Timeout.InfiniteTimeSpan;
        });
    }

    private static Uri? AddressOf(string name, IServiceProvider provider)
    {
        var address = provider.GetRequiredService<IOptionsMonitor<PooledHttpClientOptions>>().Get(name).BaseAddress;
        return ServiceAddress.SocketOf(address) is { } socket ? socket.ChannelAddress : address;
    }
}
