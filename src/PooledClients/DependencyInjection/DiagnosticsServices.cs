using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Budget;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Telemetry;
using PooledClients.Diagnostics;
using PooledClients.Diagnostics.Events;
using PooledClients.Diagnostics.Instruments;
using PooledClients.Grpc;
using PooledClients.Http;
using PooledClients.Http.Leaks;
using PooledClients.Http.Retries;
using PooledClients.Resilience;
using PooledClients.Tls;
using PooledClients.Tls.Certificates;

namespace PooledClients.DependencyInjection;

/// <summary>What tells of the pooled clients: instruments, events and the snapshot.</summary>
internal static class DiagnosticsServices
{
    public static IServiceCollection AddPooledClientsDiagnostics(this IServiceCollection services)
    {
        services.TryAddSingleton<PooledClientsMetrics>();
        services.TryAddSingleton<GrpcMetrics>();
        services.TryAddSingleton<HttpMetrics>();
        services.TryAddSingleton<CallMetrics>();
        services.TryAddSingleton<ConnectionMetrics>();
        services.TryAddSingleton<ResilienceMetrics>();

        services.TryAddSingleton<EventLog>();
        services.TryAddSingleton<LogLimiter>();
        services.TryAddSingleton<AddressWatch>();
        services.TryAddSingleton<DescriptorCensus>();
        services.TryAddSingleton<ConnectionDiagnostics>();
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, AddressWatch>(static provider => provider.GetRequiredService<AddressWatch>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<ISnapshotSource, DescriptorCensus>(static provider => provider.GetRequiredService<DescriptorCensus>()));
        services.TryAddSingleton<IPooledClientsDiagnostics, PooledClientsDiagnostics>();

        // A connection that opens or closes is an event whatever the log keeps; of the others, what is worth a line in a log.
        services.AddRecorded<ConnectionDiagnostics>(LogLevel.Debug);
        services.AddRecorded<AddressWatch>();
        services.AddRecorded<TransportServices>();
        services.AddRecorded<ConnectionGate>();
        services.AddRecorded<LocalFaultRetry>();
        services.AddRecorded<DescriptorGuardian>();
        services.AddRecorded<GrpcChannelPool>();
        services.AddRecorded<AddressBreaker>();
        services.AddRecorded<TlsRegistry>();
        services.AddRecorded<CertificateInventory>();
        services.AddRecorded<ResponseRegistry>();
        services.AddRecorded<LeakCollector>();
        services.AddRecorded<HttpPipelineFilter>();
        services.AddRecorded<HttpResilience>();
        return services;
    }

    // A closed type comes before the open one that the logging package has registered.
    private static void AddRecorded<T>(this IServiceCollection services, LogLevel least = LogLevel.Information) =>
        services.TryAddSingleton<ILogger<T>>(provider => new RecordingLogger<T>(
            provider.GetRequiredService<ILoggerFactory>(), provider.GetRequiredService<EventLog>(), provider.GetRequiredService<LogLimiter>(), least));
}
