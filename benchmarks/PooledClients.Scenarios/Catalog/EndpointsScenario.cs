using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Five servers behind one client, one of which is hurt for a while; calls have a deadline of 2 s.</summary>
internal sealed class EndpointsScenario(EndpointHurt hurt, EndpointLoad load) : Scenario(
    $"endpoints-{hurt.ToString().ToLowerInvariant()}{load.Suffix}", $"five servers behind one client, {load.Description}; one of them: {Text(hurt)} for 8 s")
{
    private const int Servers = 5;
    private const double DeadlineSeconds = 2;
    private const string WarmMark = "warm";
    private const string HurtMark = "hurt";
    private const string HealedMark = "healed";
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(250);
    private const int Sigcont = 18;
    private const int Sigstop = 19;
    private readonly ServerBehaviour _well = new() { DelayMs = load.DelayMs };
    private static readonly TimeSpan Cold = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    // A process that begins on a busy machine listens after seconds.
    private static readonly TimeSpan Restart = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override IReadOnlyList<Contender> Contenders { get; } = [GrpcContender.RoundRobin, GrpcContender.RoundRobinWithRetries, GrpcContender.Pooled];

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(4);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var servers = new List<ServerProcess>();
        for (var i = 0; i < Servers; i++)
        {
            servers.Add(await stage.StartServerAsync(stage.ServerSettings(_well)));
        }

        var client = await stage.StartLoadAsync(new LoadSettings
        {
            Seconds = Duration(stage.Options).TotalSeconds,
            Grpc = new GrpcClientSettings
            {
                Addresses = servers[0].Addresses.Grpc,
                Endpoints = [.. servers.Select(static server => server.Addresses.Grpc[0])],
                CaPath = stage.Certificates.CaPath,
            },
        });
        var watch = stage.Watch(client.Child);
        await client.GoAsync();
        await client.CallingAsync();
        var extra = await DisturbAsync(stage, servers, client);
        await client.WaitAsync(Duration(stage.Options) + Patience);
        var counts = await Task.WhenAll(servers.Select(static server => server.CountsAsync()));
        var row = stage.CreateRow(client.Child, watch, client.DescriptorLimit, counts.Sum(static count => count.GrpcConnections), counts.Sum(static count => count.GrpcHandshakes));
        foreach (var (name, value) in extra)
        {
            row.Extra[name] = value;
        }

        row.Extra["attempts"] = counts.Sum(static count => count.Requests);
        return row;
    }

    public override async Task<object?> LoadAsync(LoadContext context)
    {
        await using var clients = context.BuildGrpc();
        var calls = new PhasedCalls();

        // A process that compiles its code, as all six do at first, is no server that hangs.
        var cold = context.Settings.Grpc!;
        var warm = cold with { DeadlineSeconds = DeadlineSeconds };
        await context.RunPacedAsync(load.PerSecond, context.Duration, (number, cancellationToken) => calls.RunAsync(() =>
        {
            var settings = context.Moment(WarmMark) is null ? cold : warm;
            return load.Writes
                ? Calls.PutAsync(clients, number.ToString(CultureInfo.InvariantCulture), settings, cancellationToken)
                : Calls.GetAsync(clients, 0, settings, cancellationToken);
        }));
        return calls.Tell(context.Moment(WarmMark), context.Moment(HurtMark), context.Moment(HealedMark));
    }

    private async Task<List<(string Name, JsonNode? Value)>> DisturbAsync(Stage stage, List<ServerProcess> servers, LoadProcess client)
    {
        var first = await RequestsAsync(servers);
        await client.DelayAsync(Cold);
        var warm = await RequestsAsync(servers);
        await client.MarkAsync(WarmMark);
        await client.DelayAsync(Before);
        var start = await RequestsAsync(servers);
        await client.MarkAsync(HurtMark);
        if (hurt == EndpointHurt.Rolling)
        {
            await RollAsync(servers, client);
        }
        else
        {
            await HurtAsync(servers[0]);
            await client.DelayAsync(Hurt(stage.Options));
            await HealAsync(servers[0]);
        }

        var healedAt = Stopwatch.GetTimestamp();
        await client.MarkAsync(HealedMark, healedAt);
        var healed = await RequestsAsync(servers);
        var (recovery, end) = await RecoverAsync(servers, client, healed, healedAt, After(stage.Options));
        return
        [
            ("sharesCold", Shares(first, warm)),
            ("sharesBefore", Shares(warm, start)),
            ("shareOfTheHurtOne", Share(start, healed)),
            ("recoverySeconds", hurt == EndpointHurt.Rolling ? null : recovery),
            ("shareAfterwards", Share(healed, end)),
        ];
    }

    // Until the one that was hurt has a tenth of the calls again, over half a second; then for the rest of the time.
    private static async Task<(double? Seconds, long[] End)> RecoverAsync(List<ServerProcess> servers, LoadProcess client, long[] healed, long healedAt, TimeSpan time)
    {
        double? recovery = null;
        var (before, last) = (healed, healed);
        while (Stopwatch.GetElapsedTime(healedAt) < time)
        {
            await client.DelayAsync(Look);
            var now = await RequestsAsync(servers);
            recovery ??= Share(before, now) >= 0.1 ? Math.Round(Stopwatch.GetElapsedTime(healedAt).TotalSeconds, 2) : null;
            (before, last) = (last, now);
        }

        return (recovery, last);
    }

    // Each is ended gracefully, and is back before the next one is.
    private static async Task RollAsync(List<ServerProcess> servers, LoadProcess client)
    {
        foreach (var server in servers)
        {
            await server.StopAsync();
            await server.RestartAsync();
            await client.DelayAsync(TimeSpan.FromSeconds(1));
        }
    }

    private Task HurtAsync(ServerProcess server) => hurt switch
    {
        EndpointHurt.Kill => server.KillAsync(),
        EndpointHurt.Stop => Signal(server, Sigstop),
        EndpointHurt.Slow => server.BehaveAsync(_well with { DelayMs = 20 * _well.DelayMs }),
        _ => server.BehaveAsync(_well with { FailShare = 1 }),
    };

    private Task HealAsync(ServerProcess server) => hurt switch
    {
        EndpointHurt.Kill => server.RestartAsync(),
        EndpointHurt.Stop => Signal(server, Sigcont),
        _ => server.BehaveAsync(_well),
    };

    private static Task Signal(ServerProcess server, int signal) =>
        Native.Kill(server.Child.Id, signal) == 0 ? Task.CompletedTask : throw new InvalidOperationException($"Signal {signal} did not reach the server.");

    private static async Task<long[]> RequestsAsync(List<ServerProcess> servers) => [.. (await Task.WhenAll(servers.Select(static server => server.CountsAsync()))).Select(static counts => counts.Requests)];

    private static double Share(long[] from, long[] to, int index = 0) => Math.Round((to[index] - from[index]) / (double)Math.Max(1, to.Zip(from, static (later, earlier) => later - earlier).Sum()), 4);

    private static string Shares(long[] from, long[] to) => string.Join(" ", Enumerable.Range(0, Servers).Select(index => Share(from, to, index).ToString("P0", CultureInfo.InvariantCulture)));

    private static string Text(EndpointHurt hurt) => hurt switch
    {
        EndpointHurt.Kill => "killed",
        EndpointHurt.Stop => "frozen (SIGSTOP)",
        EndpointHurt.Slow => "20 times slower",
        EndpointHurt.Rolling => "and all the others, replaced in turn",
        _ => "answering Unavailable",
    };

    private static TimeSpan Hurt(BenchOptions options) => options.Duration(8, 4);

    private static TimeSpan After(BenchOptions options) => options.Duration(8, 3);

    // Calls go on for as long as it is looked at what becomes of them.
    private TimeSpan Duration(BenchOptions options) => Cold + Before + Hurt(options) + After(options) + TimeSpan.FromSeconds(1) + (hurt switch
    {
        EndpointHurt.Kill => Restart,
        EndpointHurt.Rolling => Servers * Restart,
        _ => TimeSpan.Zero,
    });
}
