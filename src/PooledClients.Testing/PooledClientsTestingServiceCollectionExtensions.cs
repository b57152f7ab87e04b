using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Options;
using PooledClients;
using PooledClients.Configuration;
using PooledClients.Grpc;
using PooledClients.Grpc.Calls;
using PooledClients.Http;
using PooledClients.Platform;
using PooledClients.Testing;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>
/// Puts fakes and servers in memory in place of pooled clients. Each may be called before or after the clients are added. A fake that stands in for
/// no client that was added fails the start.
/// </summary>
public static class PooledClientsTestingServiceCollectionExtensions
{
    /// <summary>
    /// Puts a fake in place of the client that was added without a name, and of its <see cref="IPooledGrpcClientFactory{TClient}"/>. The
    /// client's options are not validated, and it has no channel.
    /// </summary>
    /// <typeparam name="TClient">The client's type, as it was added, and not the fake's.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="fake">The fake, such as a class derived from the generated client.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection ReplacePooledGrpcClient<TClient>(this IServiceCollection services, TClient fake)
        where TClient : class
        => Replace(services, name: null, fake);

    /// <summary>Puts a fake in place of a named client and of its factory. The client's options are not validated, and it has no channel.</summary>
    /// <typeparam name="TClient">The client's type, as it was added, and not the fake's.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, which keys its services.</param>
    /// <param name="fake">The fake.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection ReplacePooledGrpcClient<TClient>(this IServiceCollection services, string name, TClient fake)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Replace(services, name, fake);
    }

    /// <summary>
    /// Sends the calls and requests of all pooled clients, gRPC and HTTP, to one handler in place of the network. Their deadlines,
    /// credentials, interceptors and message handlers stay; addresses may be missing, and certificates are not read.
    /// </summary>
    /// <param name="services">The services.</param>
    /// <param name="handler">Takes them all, such as <c>TestServer.CreateHandler()</c>. It is not disposed.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection UsePooledClientsInMemory(this IServiceCollection services, HttpMessageHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        return services.UsePooledClientsInMemory(_ => handler);
    }

    /// <summary>Sends the calls and requests of all pooled clients, gRPC and HTTP, to handlers in place of the network.</summary>
    /// <param name="services">The services.</param>
    /// <param name="create">Makes or gets the handler from the services, once a client. It is not disposed.</param>
    /// <returns><paramref name="services"/>.</returns>
    public static IServiceCollection UsePooledClientsInMemory(this IServiceCollection services, Func<IServiceProvider, HttpMessageHandler> create)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(create);
        services.AddOptions();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<PooledGrpcClientOptions>, UnusedOptions>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IPostConfigureOptions<PooledHttpClientOptions>, UnusedOptions>());
        services.PostConfigureAll<GrpcClientSetup>(setup =>
        {
            setup.PrimaryHandler = create;
            setup.EndpointResolver = null;
        });
        return services.PostConfigureAll<HttpClientFactoryOptions>(options => options.HttpMessageHandlerBuilderActions.Add(builder =>
        {
            if (builder.Services.GetServices<HttpClientRegistration>().Any(client => client.Name == builder.Name))
            {
                builder.PrimaryHandler = new InMemoryHandler(create(builder.Services));

                // Nobody is asked where a service is: the handler sees its name.
                foreach (var discovery in builder.AdditionalHandlers.Where(static handler => RuntimeContracts.IsDiscovery(handler.GetType())).ToArray())
                {
                    builder.AdditionalHandlers.Remove(discovery);
                }
            }
        }));
    }

    private static IServiceCollection Replace<TClient>(IServiceCollection services, string? name, TClient fake)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(fake);
        var factory = new InMemoryPooledGrpcClientFactory<TClient>(fake);
        if (name is null)
        {
            services.Replace(ServiceDescriptor.Singleton(fake));
            services.Replace(ServiceDescriptor.Singleton<IPooledGrpcClientFactory<TClient>>(factory));
        }
        else
        {
            services.RemoveAllKeyed<TClient>(name).AddKeyedSingleton(name, fake);
            services.RemoveAllKeyed<IPooledGrpcClientFactory<TClient>>(name).AddKeyedSingleton<IPooledGrpcClientFactory<TClient>>(name, factory);
        }

        services.AddSingleton<IValidateOptions<StartValidation>>(provider => new ReplacedClient(typeof(TClient), name, provider.GetServices<GrpcClientRegistration>()));
        services.AddOptions<StartValidation>().ValidateOnStart();
        return services.PostConfigure<GrpcClientSetup>(name ?? GrpcClientRegistration.DefaultName(typeof(TClient)), static setup => setup.IsReplaced = true);
    }
}
