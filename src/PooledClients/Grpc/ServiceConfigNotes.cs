using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Calls;
using PooledClients.Grpc.Methods;

namespace PooledClients.Grpc;

/// <summary>Warns, when the host starts, of what service configs say and clients do not do.</summary>
internal sealed class ServiceConfigNotes(
    IEnumerable<GrpcClientRegistration> clients,
    IOptionsMonitor<PooledGrpcClientOptions> options,
    IOptionsMonitor<GrpcClientSetup> setups,
    ILogger<ServiceConfigNotes> logger) : IHostedService
{
    public Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var client in clients.DistinctBy(static client => client.Name))
        {
            foreach (var warning in MethodPolicies.WarningsOf(options.Get(client.Name), client.ClientType, setups.Get(client.Name).Descriptor))
            {
                logger.ServiceConfigNote(client.Name, warning);
            }
        }

        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
