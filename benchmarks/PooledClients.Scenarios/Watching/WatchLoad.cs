using System.Diagnostics.CodeAnalysis;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using RocksDb.V1;

namespace PooledClients.Scenarios.Watching;

/// <summary>A few callers, one that drops an HTTP response now and then, and one that holds a stream and reads it no more.</summary>
internal sealed class WatchLoad(IServiceProvider services) : BackgroundService
{
    private const int MostLeaks = 20;

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var healthy = services.GetRequiredKeyedService<KeyValue.KeyValueClient>("healthy");
        var dead = services.GetRequiredKeyedService<KeyValue.KeyValueClient>("dead");
        return Task.WhenAll(
            [
                .. Enumerable.Range(0, 4).Select(_ => RepeatAsync(() => healthy.GetAsync(new GetRequest(), cancellationToken: stoppingToken).ResponseAsync, 5, stoppingToken)),
                RepeatAsync(() => healthy.PutAsync(new PutRequest(), cancellationToken: stoppingToken).ResponseAsync, 20, stoppingToken),
                RepeatAsync(() => dead.PutAsync(new PutRequest(), cancellationToken: stoppingToken).ResponseAsync, 300, stoppingToken),
                HoldAsync(healthy, stoppingToken),
                LeakAsync(services.GetRequiredKeyedService<HttpClient>("leaky"), stoppingToken),
            ]);
    }

    private static async Task RepeatAsync(Func<Task> call, int pause, CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await call();
            }
            catch (RpcException)
            {
                // The page tells of it.
            }

            await Task.Delay(pause, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private static async Task HoldAsync(KeyValue.KeyValueClient client, CancellationToken stoppingToken)
    {
        using var stream = client.Scan(new ScanRequest(), cancellationToken: stoppingToken);
        await stream.ResponseStream.MoveNext(stoppingToken);
        await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    [SuppressMessage("Reliability", "CA2000", Justification = "Not disposing is what is shown.")]
    private static async Task LeakAsync(HttpClient client, CancellationToken stoppingToken)
    {
        List<HttpResponseMessage> kept = [];
        while (kept.Count < MostLeaks && !stoppingToken.IsCancellationRequested)
        {
            kept.Add(await client.GetAsync(new Uri("/report", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, stoppingToken));
            await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.Delay(Timeout.Infinite, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        GC.KeepAlive(kept);
    }
}
