using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Configuration;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Connections.CallSites;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.DependencyInjection.Start;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc;
using PooledClients.Grpc.Balancing;
using PooledClients.Http;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Handlers;
using PooledClients.Http.Leaks;
using PooledClients.Http.Retries;
using PooledClients.Resilience;
using PooledClients.Scopes;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;
using PooledClients.Tls.Handshakes;

namespace PooledClients.DependencyInjection;

/// <summary>The services that all pooled clients of a container share. Nothing is opened here.</summary>
internal static class CoreServices
{
    public static IServiceCollection AddPooledClientsCore(this IServiceCollection services)
    {
        services.AddOptions();
        services.AddLogging();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);

        services.TryAddSingleton<BindingErrors>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<PooledClientsOptions>, PooledClientsOptionsBinder>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PooledClientsOptions>, PooledClientsOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<PooledGrpcClientOptions>, PooledGrpcClientOptionsBinder>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PooledGrpcClientOptions>, PooledGrpcClientOptionsValidator>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IConfigureOptions<PooledHttpClientOptions>, PooledHttpClientOptionsBinder>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<PooledHttpClientOptions>, PooledHttpClientOptionsValidator>());
        services.AddStartValidation();

        services.AddPooledClientsDiagnostics();
        services.TryAddSingleton<CertificateInventory>();
        services.TryAddSingleton<TlsMetrics>();
        services.TryAddSingleton<TlsRegistry>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, TlsSnapshotSource>());
        services.TryAddSingleton(static provider => DescriptorMeters.Create(provider.GetRequiredService<TimeProvider>()));
        services.TryAddSingleton<DescriptorGuardian>();
        services.TryAddSingleton<ConnectionGate>();
        services.TryAddSingleton(static _ => new HandshakeQueue());
        services.TryAddSingleton<LocalFaultRetry>();
        services.TryAddSingleton<NameLookup>();
        services.TryAddSingleton<Preloader>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, BudgetSnapshotSource>());
        services.TryAddSingleton<IdleSweep>();
        services.TryAddSingleton<EndpointMetrics>();
        services.TryAddSingleton<EndpointSnapshotSource>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, EndpointSnapshotSource>(static provider => provider.GetRequiredService<EndpointSnapshotSource>()));
        services.TryAddSingleton(static provider => new DialServices(
            provider.GetRequiredService<HandshakeQueue>(),
            provider.GetRequiredService<LocalFaultRetry>(),
            provider.GetRequiredService<NameLookup>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<TransportServices>>()));
        services.TryAddSingleton<TransportServices>();
        services.TryAddSingleton<TransportRegistry>();
        services.TryAddSingleton<AddressPolicies>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, AddressPolicies>(static provider => provider.GetRequiredService<AddressPolicies>()));
        services.TryAddSingleton(new ServiceRegistrations(services));
        services.TryAddSingleton<RootScope>();
        services.TryAddSingleton<EndpointResolvers>();
        services.TryAddSingleton(static provider => ActivatorUtilities.CreateInstance<GrpcTransportHandlers>(provider, provider.GetRequiredService<ILogger<GrpcChannelPool>>()));
        services.TryAddSingleton(static provider => ActivatorUtilities.CreateInstance<PooledChannelFactory>(provider, provider.GetRequiredService<ILogger<GrpcChannelPool>>()));
        services.TryAddSingleton<GrpcChannelPool>();
        services.TryAddSingleton<IGrpcChannelPool>(static provider => provider.GetRequiredService<GrpcChannelPool>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, GrpcSnapshotSource>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, TransportSnapshotSource>());
        services.TryAddSingleton<ResponseRegistry>();
        services.TryAddSingleton<IPressureRelief, LeakCollector>();
        services.TryAddSingleton<CallSiteSampler>();
        services.TryAddSingleton<RequestDurationInstruments>();
        services.TryAddSingleton<HttpResilienceFactory>();
        services.TryAddSingleton<HttpTransports>();
        services.TryAddSingleton<ScopelessDiscovery>();
        services.TryAddScoped<ScopePipelines>();
        services.TryAddSingleton<HttpClients>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, ResponseRegistry>(static provider => provider.GetRequiredService<ResponseRegistry>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, PooledClientsLifetime>());
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, ServiceConfigNotes>());
        return services;
    }

    /// <summary>Has code set a client's options by the services of what is made once for all callers.</summary>
    public static void ConfigureByServices<TOptions>(this IServiceCollection services, string name, Func<Type, string> refusal, Action<IServiceProvider, TOptions> configure)
        where TOptions : class
        => services.AddOptions<TOptions>(name).Configure<IServiceProvider, ServiceRegistrations>(
            (options, provider, registrations) =>
            {
                using var once = new RootServices(refusal, provider, registrations);
                configure(once, options);
            });

    // All clients are checked in one options validation, so that the host's start shows every error at once.
    private static void AddStartValidation(this IServiceCollection services)
    {
        services.TryAddSingleton<GrpcStartCheck>();
        services.TryAddSingleton<HttpStartCheck>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<StartValidation>, StartValidator>());
        if (!services.Any(static service => service.ServiceType == typeof(StartValidation)))
        {
            services.AddSingleton<StartValidation>();
            services.AddOptions<StartValidation>().ValidateOnStart();
        }
    }
}
