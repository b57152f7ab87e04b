using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Five servers behind one client, one of which is hurt for a while; 200 calls a second of 5 ms, with a deadline of 2 s.</summary>
internal sealed class EndpointsScenario(EndpointHurt hurt) : Scenario(
    $"endpoints-{hurt.ToString().ToLowerInvariant()}", $"five servers behind one client, 200 calls a second of 5 ms; one of them: {Text(hurt)} for 8 s")
{
    private const int Servers = 5;
    private const int PerSecond = 200;
    private const int Sigcont = 18;
    private const int Sigstop = 19;
    private static readonly ServerBehaviour Well = new() { DelayMs = 5 };
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override IReadOnlyList<Contender> Contenders { get; } = [GrpcContender.RoundRobin, GrpcContender.RoundRobinWithRetries, GrpcContender.Pooled];

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(4);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var servers = new List<ServerProcess>();
        for (var i = 0; i < Servers; i++)
        {
            servers.Add(await stage.StartServerAsync(stage.ServerSettings(Well)));
        }

        var load = await stage.StartLoadAsync(new LoadSettings
        {
            Seconds = Duration(stage.Options).TotalSeconds,
            Grpc = new GrpcClientSettings
            {
                Addresses = servers[0].Addresses.Grpc,
                Endpoints = [.. servers.Select(static server => server.Addresses.Grpc[0])],
                CaPath = stage.Certificates.CaPath,
                DeadlineSeconds = 2,
            },
        });
        var watch = stage.Watch(load.Child);
        await load.GoAsync();
        await load.CallingAsync();
        var shares = await DisturbAsync(stage, servers, load);
        await load.WaitAsync(Duration(stage.Options) + Patience);
        var counts = await Task.WhenAll(servers.Select(static server => server.CountsAsync()));
        var row = stage.CreateRow(load.Child, watch, load.DescriptorLimit, counts.Sum(static count => count.GrpcConnections), counts.Sum(static count => count.GrpcHandshakes));
        row.Extra["shareOfTheHurtOne"] = shares.Hurt;
        row.Extra["shareAfterwards"] = shares.Afterwards;
        row.Extra["attempts"] = counts.Sum(static count => count.Requests);
        return row;
    }

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunPacedAsync(PerSecond, load.Duration, (_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        return null;
    }

    private async Task<(double Hurt, double Afterwards)> DisturbAsync(Stage stage, List<ServerProcess> servers, LoadProcess load)
    {
        await load.DelayAsync(Before);
        var start = await RequestsAsync(servers);
        if (hurt == EndpointHurt.Rolling)
        {
            await RollAsync(servers, load);
        }
        else
        {
            await HurtAsync(servers[0]);
            await load.DelayAsync(Hurt(stage.Options));
            await HealAsync(servers[0]);
        }

        var healed = await RequestsAsync(servers);
        await load.DelayAsync(After(stage.Options));
        var end = await RequestsAsync(servers);
        return (Share(start, healed), Share(healed, end));
    }

    // Each is ended gracefully, and is back before the next one is.
    private static async Task RollAsync(List<ServerProcess> servers, LoadProcess load)
    {
        foreach (var server in servers)
        {
            await server.StopAsync();
            await server.RestartAsync();
            await load.DelayAsync(TimeSpan.FromSeconds(1));
        }
    }

    private Task HurtAsync(ServerProcess server) => hurt switch
    {
        EndpointHurt.Kill => server.KillAsync(),
        EndpointHurt.Stop => Signal(server, Sigstop),
        EndpointHurt.Slow => server.BehaveAsync(Well with { DelayMs = 20 * Well.DelayMs }),
        _ => server.BehaveAsync(Well with { FailShare = 1 }),
    };

    private Task HealAsync(ServerProcess server) => hurt switch
    {
        EndpointHurt.Kill => server.RestartAsync(),
        EndpointHurt.Stop => Signal(server, Sigcont),
        _ => server.BehaveAsync(Well),
    };

    private static Task Signal(ServerProcess server, int signal) =>
        Native.Kill(server.Child.Id, signal) == 0 ? Task.CompletedTask : throw new InvalidOperationException($"Signal {signal} did not reach the server.");

    private static async Task<long[]> RequestsAsync(List<ServerProcess> servers) => [.. (await Task.WhenAll(servers.Select(static server => server.CountsAsync()))).Select(static counts => counts.Requests)];

    private static double Share(long[] from, long[] to) => Math.Round((to[0] - from[0]) / (double)Math.Max(1, to.Zip(from, static (later, earlier) => later - earlier).Sum()), 4);

    private static string Text(EndpointHurt hurt) => hurt switch
    {
        EndpointHurt.Kill => "killed",
        EndpointHurt.Stop => "frozen (SIGSTOP)",
        EndpointHurt.Slow => "20 times slower",
        EndpointHurt.Rolling => "and all the others, replaced in turn",
        _ => "answering Unavailable",
    };

    private static TimeSpan Hurt(BenchOptions options) => options.Duration(8, 4);

    private static TimeSpan After(BenchOptions options) => options.Duration(5, 3);

    private static TimeSpan Duration(BenchOptions options) => Before + Hurt(options) + After(options) + TimeSpan.FromSeconds(1);
}
