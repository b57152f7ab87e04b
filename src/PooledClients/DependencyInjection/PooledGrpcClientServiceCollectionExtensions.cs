using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.DependencyInjection.Extensions;
using PooledClients;
using PooledClients.DependencyInjection;
using PooledClients.Grpc;
using PooledClients.Scopes;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds gRPC clients whose stubs share long-lived connections.</summary>
public static class PooledGrpcClientServiceCollectionExtensions
{
    /// <summary>
    /// Adds a gRPC client as a singleton, configured by the section <c>PooledClients:Grpc:&lt;service&gt;</c>, where the service is
    /// <c>KeyValue</c> for <c>KeyValue.KeyValueClient</c>.
    /// </summary>
    /// <typeparam name="TClient">
    /// A generated client, or any type that has a public constructor taking a <see cref="Grpc.Core.CallInvoker"/> or is made by
    /// <c>ConfigureClient</c>.
    /// </typeparam>
    /// <param name="services">The services.</param>
    /// <returns>A builder to configure the client further.</returns>
    public static IPooledGrpcClientBuilder AddPooledGrpcClient<
        [DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(this IServiceCollection services)
        where TClient : class
        => Add<TClient>(services, name: null);

    /// <summary>Adds a gRPC client as a singleton, configured by its section and then by code.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>A builder to configure the client further.</returns>
    public static IPooledGrpcClientBuilder AddPooledGrpcClient<
        [DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(this IServiceCollection services, Action<PooledGrpcClientOptions> configure)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient>(services, name: null).With(configure);
    }

    /// <summary>Adds a gRPC client as a singleton keyed by a name, configured by the section <c>PooledClients:Grpc:&lt;name&gt;</c>.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, and the key of its stub and its factory.</param>
    /// <returns>A builder to configure the client further.</returns>
    public static IPooledGrpcClientBuilder AddPooledGrpcClient<
        [DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(this IServiceCollection services, string name)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        return Add<TClient>(services, name);
    }

    /// <summary>Adds a gRPC client as a singleton keyed by a name, configured by its section and then by code.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, and the key of its stub and its factory.</param>
    /// <param name="configure">Sets options; what it sets wins over the configuration.</param>
    /// <returns>A builder to configure the client further.</returns>
    public static IPooledGrpcClientBuilder AddPooledGrpcClient<
        [DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(this IServiceCollection services, string name, Action<PooledGrpcClientOptions> configure)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient>(services, name).With(configure);
    }

    /// <summary>Adds a gRPC client as a singleton, configured by its section and then by code that needs services.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>A builder to configure the client further.</returns>
    public static IPooledGrpcClientBuilder AddPooledGrpcClient<
        [DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(this IServiceCollection services, Action<IServiceProvider, PooledGrpcClientOptions> configure)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient>(services, name: null).With(configure);
    }

    /// <summary>Adds a gRPC client as a singleton keyed by a name, configured by its section and then by code that needs services.</summary>
    /// <typeparam name="TClient">The client's type.</typeparam>
    /// <param name="services">The services.</param>
    /// <param name="name">The client's name, and the key of its stub and its factory.</param>
    /// <param name="configure">Sets options with the container's own services, where a scoped one is refused; what it sets wins over the configuration.</param>
    /// <returns>A builder to configure the client further.</returns>
    public static IPooledGrpcClientBuilder AddPooledGrpcClient<
        [DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(this IServiceCollection services, string name, Action<IServiceProvider, PooledGrpcClientOptions> configure)
        where TClient : class
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        ArgumentNullException.ThrowIfNull(configure);
        return Add<TClient>(services, name).With(configure);
    }

    private static PooledGrpcClientBuilder Add<[DynamicallyAccessedMembers(ClientActivator.NeededMembers)] TClient>(IServiceCollection services, string? name)
        where TClient : class
    {
        ArgumentNullException.ThrowIfNull(services);
        services.AddPooledClientsCore();

        var registration = new GrpcClientRegistration<TClient>(name);
        if (services.TryAddRegistration(registration))
        {
            registration.AddServices(services);
        }

        return new PooledGrpcClientBuilder(registration.Name, services);
    }

    private static PooledGrpcClientBuilder With(this PooledGrpcClientBuilder builder, Action<PooledGrpcClientOptions> configure)
    {
        builder.Services.Configure(builder.Name, configure);
        return builder;
    }

    private static PooledGrpcClientBuilder With(this PooledGrpcClientBuilder builder, Action<IServiceProvider, PooledGrpcClientOptions> configure)
    {
        builder.Services.ConfigureByServices(builder.Name, ScopeWords.OfGrpc(builder.Name), configure);
        return builder;
    }

    private static bool TryAddRegistration(this IServiceCollection services, GrpcClientRegistration registration)
    {
        foreach (var descriptor in services)
        {
            if (!descriptor.IsKeyedService && descriptor.ImplementationInstance is GrpcClientRegistration added && added.IsSameClient(registration))
            {
                return false;
            }
        }

        services.AddSingleton(registration);
        return true;
    }
}
