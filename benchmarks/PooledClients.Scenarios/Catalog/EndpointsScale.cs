using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Three servers behind one client become six, and three again; calls have a deadline of 2 s.</summary>
internal sealed class EndpointsScale(bool isTold) : Scenario(
    $"endpoints-scale{(isTold ? "-told" : "")}", $"three servers behind one client become six and three again, {EndpointLoad.Usual.Description}; the resolver {(isTold ? "tells of it, as configuration does" : "is asked every 10 s, as DNS is")}")
{
    private const int Few = 3;
    private const int Many = 6;
    private const string WarmMark = "warm";
    private const string GrownMark = "grown";
    private const string ShrunkMark = "shrunk";
    private static readonly TimeSpan Cold = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    // The interval and two seconds.
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(12);

    public override IReadOnlyList<Contender> Contenders { get; } = [GrpcContender.Pooled];

    private static TimeSpan Duration => Cold + (2 * Time) + (4 * Look);

    public override TimeSpan Expected(BenchOptions options) => Duration + TimeSpan.FromSeconds(4);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var servers = new List<ServerProcess>();
        for (var i = 0; i < Many; i++)
        {
            servers.Add(await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour { DelayMs = EndpointLoad.Usual.DelayMs })));
        }

        var path = Path.Combine(Path.GetDirectoryName(stage.Certificates.CaPath)!, "endpoints");
        await WriteAsync(path, servers, Few);
        var client = await stage.StartLoadAsync(new LoadSettings
        {
            Seconds = Duration.TotalSeconds,
            Grpc = new GrpcClientSettings { Addresses = servers[0].Addresses.Grpc, EndpointsPath = path, EndpointsAreTold = isTold, CaPath = stage.Certificates.CaPath },
        });
        var watch = stage.Watch(client.Child);
        await client.GoAsync();
        await client.CallingAsync();
        await client.DelayAsync(Cold);
        await client.MarkAsync(WarmMark);

        await WriteAsync(path, servers, Many);
        await client.MarkAsync(GrownMark);
        var (joined, shares) = await WatchAsync(servers, client);
        await WriteAsync(path, servers, Few);
        await client.MarkAsync(ShrunkMark);
        var (_, left) = await WatchAsync(servers, client);
        await client.WaitAsync(Duration + Patience);

        var counts = await Task.WhenAll(servers.Select(static server => server.CountsAsync()));
        var row = stage.CreateRow(client.Child, watch, client.DescriptorLimit, counts.Sum(static count => count.GrpcConnections), counts.Sum(static count => count.GrpcHandshakes));
        row.Extra["secondsUntilEachHasATenth"] = joined;
        row.Extra["sharesGrown"] = Text(shares);
        row.Extra["sharesShrunk"] = Text(left);
        return row;
    }

    public override async Task<object?> LoadAsync(LoadContext context)
    {
        await using var clients = context.BuildGrpc();
        var calls = new PhasedCalls();
        var cold = context.Settings.Grpc!;
        var warm = cold with { DeadlineSeconds = 2 };
        await context.RunPacedAsync(EndpointLoad.Usual.PerSecond, context.Duration, (_, cancellationToken) =>
            calls.RunAsync(() => Calls.GetAsync(clients, 0, context.Moment(WarmMark) is null ? cold : warm, cancellationToken)));
        return calls.Tell(context.Moment(WarmMark), context.Moment(GrownMark), context.Moment(ShrunkMark));
    }

    private static Task WriteAsync(string path, List<ServerProcess> servers, int count) =>
        File.WriteAllLinesAsync(path, servers.Take(count).Select(static server => new Uri(server.Addresses.Grpc[0])).Select(static address => $"127.0.0.1:{address.Port}"));

    // When each of the new ones first had a tenth of the calls, and the shares in the last of the looks.
    private static async Task<(JsonNode? Seconds, double[] Shares)> WatchAsync(List<ServerProcess> servers, LoadProcess client)
    {
        var since = Stopwatch.GetTimestamp();
        double? seconds = null;
        double[] shares = [];
        for (var before = await RequestsAsync(servers); Stopwatch.GetElapsedTime(since) < Time;)
        {
            await client.DelayAsync(Look);
            var now = await RequestsAsync(servers);
            var all = Math.Max(1, now.Sum() - before.Sum());
            shares = [.. now.Zip(before, (later, earlier) => (later - earlier) / (double)all)];
            before = now;
            seconds ??= shares.Skip(Few).All(static share => share >= 0.1) ? Math.Round(Stopwatch.GetElapsedTime(since).TotalSeconds, 1) : null;
        }

        return (seconds, shares);
    }

    private static async Task<long[]> RequestsAsync(List<ServerProcess> servers) => [.. (await Task.WhenAll(servers.Select(static server => server.CountsAsync()))).Select(static counts => counts.Requests)];

    private static string Text(double[] shares) => string.Join(" ", shares.Select(static share => share.ToString("P0", CultureInfo.InvariantCulture)));
}
