using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Most of the hosts accept connections and never say a word: the calls to the others must not notice.</summary>
internal sealed class BlackHoleTls() : Scenario(
    "black-hole-tls", "1,000 callers, half gRPC and half HTTP/1.1, of 5 hosts, 3 of which accept and never answer the handshake: how long calls to the healthy two take")
{
    private const int Callers = 1000;
    private const int Healthy = 2;
    private const int Hosts = 5;
    private const double DeadlineSeconds = 10;
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Gets the plain channel and client, and this library: the figures of one are a yardstick for those of the other.</summary>
    public override IReadOnlyList<Contender> Contenders => [GrpcContender.SharedChannel, GrpcContender.Pooled];

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(DeadlineSeconds + 3);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        List<ServerProcess> servers = [];
        for (var i = 0; i < Healthy; i++)
        {
            servers.Add(await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour())));
        }

        // The kernel accepts for them, and nobody ever reads.
        TcpListener[] silent = [.. Enumerable.Range(0, Hosts - Healthy).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        Array.ForEach(silent, static listener => listener.Start(Callers));
        string[] silentAddresses = [.. silent.Select(static listener => $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}")];
        try
        {
            var load = await stage.StartLoadAsync(new LoadSettings
            {
                Grpc = new GrpcClientSettings
                {
                    Addresses = [.. servers.Select(static server => server.Addresses.Grpc[0]), .. silentAddresses],
                    CaPath = stage.Certificates.CaPath,
                    DeadlineSeconds = DeadlineSeconds,
                },
                Http = new HttpClientSettings(servers[0].Addresses.Api, stage.Certificates.CaPath) { DeadlineSeconds = DeadlineSeconds },
                HttpAddresses = [.. servers.Select(static server => server.Addresses.Api), .. silentAddresses],
                Callers = Callers,
                Seconds = Duration(stage.Options).TotalSeconds,
            });
            var watch = stage.Watch(load.Child);
            await load.GoAsync();
            await load.WaitAsync(Duration(stage.Options) + Patience);
            var counts = await Task.WhenAll(servers.Select(static server => server.CountsAsync()));
            return stage.CreateRow(
                load.Child, watch, load.DescriptorLimit, counts.Sum(static count => count.GrpcConnections + count.ApiConnections), counts.Sum(static count => count.GrpcHandshakes + count.ApiHandshakes));
        }
        finally
        {
            Array.ForEach(silent, static listener => listener.Dispose());
        }
    }

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        (var grpc, var http) = GrpcContender.Find(load.Settings.Contender).BuildBoth(load.Settings.Grpc!, load.Settings.Http!);
        Func<int, CancellationToken, Task>[] calls =
        [
            (host, token) => Calls.GetAsync(grpc, host, load.Settings.Grpc!, token),
            (host, token) => http.Take().GetByteArrayAsync($"{load.Settings.HttpAddresses[host].TrimEnd('/')}/records/1", token),
        ];

        // What a first call compiles is not what is measured.
        await Task.WhenAll(calls.Select(call => call(0, CancellationToken.None)));
        var first = new[] { new LatencyHistogram(), new LatencyHistogram() };
        var later = new[] { new LatencyHistogram(), new LatencyHistogram() };
        load.Meter.Start();
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, load.Settings.Callers).Select(caller => Task.Run(async () =>
        {
            var (kind, host) = (caller % calls.Length, caller / calls.Length % Hosts);
            for (var round = 0; Stopwatch.GetElapsedTime(started) < load.Duration; round++)
            {
                var began = Stopwatch.GetTimestamp();
                if (host >= Healthy)
                {
                    await calls[kind](host, CancellationToken.None).ContinueWith(static _ => { }, TaskScheduler.Default);
                }
                else if (await load.RunOnceAsync(caller, (_, token) => calls[kind](host, token), CancellationToken.None))
                {
                    (round == 0 ? first : later)[kind].Record(Stopwatch.GetElapsedTime(began));
                }

                // By chance, or the callers of whoever is quick at first come all at once from then on.
                await Task.Delay(Pause * (0.5 + Random.Shared.NextDouble()));
            }
        })));
        load.Meter.Stop();
        await grpc.DisposeAsync();
        await http.DisposeAsync();
        return new { GrpcFirst = Tell(first[0]), HttpFirst = Tell(first[1]), GrpcLater = Tell(later[0]), HttpLater = Tell(later[1]) };
    }

    private static object Tell(LatencyHistogram times) => new { P50Ms = times.Percentile(0.5), P99Ms = times.Percentile(0.99), MaxMs = times.Percentile(1) };

    private static TimeSpan Duration(BenchOptions options) => options.Duration(20, 8);
}
