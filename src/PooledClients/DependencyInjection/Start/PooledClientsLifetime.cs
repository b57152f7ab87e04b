using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using PooledClients.Connections;
using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;
using PooledClients.Grpc;
using PooledClients.Http;
using PooledClients.Http.Leaks;

namespace PooledClients.DependencyInjection.Start;

/// <summary>
/// What the host's start and stop mean to the pool. It drains after every other hosted service has stopped, for those may still call
/// while they finish.
/// </summary>
internal sealed class PooledClientsLifetime(
    IServiceProvider services,
    IEnumerable<GrpcClientRegistration> clients,
    IEnumerable<HttpClientRegistration> httpClients,
    IOptionsMonitor<PooledGrpcClientOptions> clientOptions,
    IOptions<PooledClientsOptions> options,
    TimeProvider timeProvider,
    ILogger<PooledClientsLifetime> logger) : IHostedLifecycleService
{
    private static readonly TimeSpan ShortLook = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);

    // Hosted services are made before the options are validated, and the pool reads options as it is made: it waits for the start. A test host
    // may stop once more after its services are disposed, so nothing is asked of them then.
    private GrpcChannelPool? _pool;
    private TransportRegistry? _transports;
    private ResponseRegistry? _responses;

    /// <summary>Before any hosted service starts to take work, code is loaded and the clients that ask for it are connected.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        HttpClientDefaults.Report(services, [.. clients.Select(static client => client.Name).Distinct(StringComparer.Ordinal)], logger);
        HttpTimeouts.Report(services, httpClients.Select(static client => client.Name), logger);
        using var timeout = new CancellationTokenSource(options.Value.WarmUp.Timeout, timeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(timeout.Token, cancellationToken);
        if (options.Value.WarmUp.Preload)
        {
            await services.GetRequiredService<Preloader>().RunAsync(either.Token).ConfigureAwait(false);
        }

        var names = clients.Select(static client => client.Name).Distinct(StringComparer.Ordinal).Where(name => clientOptions.Get(name).WarmUp).ToList();
        _pool = services.GetRequiredService<GrpcChannelPool>();
        _transports = services.GetRequiredService<TransportRegistry>();
        _responses = services.GetRequiredService<ResponseRegistry>();
        if (names.Count > 0)
        {
            await new ClientWarmUp(_pool, options.Value.WarmUp, logger).RunAsync(names, either.Token).ConfigureAwait(false);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (_pool is null || _transports is not { } transports || _responses is not { } responses)
        {
            return;
        }

        foreach (var handler in _pool.Handlers)
        {
            handler.BeginDrain();
        }

        var startedAt = timeProvider.GetTimestamp();
        while (Math.Max(transports.InFlight + responses.Reading, _pool.Handlers.Sum(static handler => handler.Pending.Count)) is var inFlight and > 0)
        {
            if (timeProvider.GetElapsedTime(startedAt) >= options.Value.DrainTimeout || cancellationToken.IsCancellationRequested)
            {
                logger.DrainTimedOut(inFlight, options.Value.DrainTimeout.TotalSeconds);
                break;
            }

            await Task.Delay(Look, timeProvider, CancellationToken.None).ConfigureAwait(false);
        }

        // A unary call counts until its headers: its message may still be arriving. The handlers close each connection after that.
        transports.Retire();
        while (transports.Up > 0 && timeProvider.GetElapsedTime(startedAt) < options.Value.DrainTimeout && !cancellationToken.IsCancellationRequested)
        {
            await Task.Delay(ShortLook, timeProvider, CancellationToken.None).ConfigureAwait(false);
        }

        transports.CloseAll();
    }
}
