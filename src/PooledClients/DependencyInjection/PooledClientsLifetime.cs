using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Diagnostics;
using PooledClients.Grpc;

namespace PooledClients.DependencyInjection;

/// <summary>
/// What the host's start and stop mean to the pool. It drains after every other hosted service has stopped, for those may still call
/// while they finish.
/// </summary>
internal sealed class PooledClientsLifetime(
    GrpcChannelPool pool, TransportRegistry transports, IOptions<PooledClientsOptions> options, TimeProvider timeProvider, ILogger<PooledClientsLifetime> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        foreach (var handler in pool.Handlers)
        {
            handler.BeginDrain();
        }

        var startedAt = timeProvider.GetTimestamp();
        while (transports.InFlight is var inFlight and > 0)
        {
            if (timeProvider.GetElapsedTime(startedAt) >= options.Value.DrainTimeout || cancellationToken.IsCancellationRequested)
            {
                logger.DrainTimedOut(inFlight, options.Value.DrainTimeout.TotalSeconds);
                break;
            }

            await Task.Delay(Look, timeProvider, CancellationToken.None).ConfigureAwait(false);
        }

        transports.Dispose();
    }
}
