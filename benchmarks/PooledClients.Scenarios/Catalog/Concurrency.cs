using System.Text.Json.Nodes;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Calls are held open at the server, and the connections that carry them are counted there.</summary>
internal sealed class Concurrency() : Scenario(
    "concurrency", "cold bursts of 1 to 5,000 calls held open at the server, 100 streams a connection, without a cap and with the default one")
{
    private const string Start = "start";
    private const string Finish = "finish";
    private const string End = "end";
    private const int Streams = 100;
    private const int NoCap = 1000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan Settled = TimeSpan.FromMilliseconds(500);
    private static readonly HeldCalls[] Levels =
    [
        .. ((int[])[1, 64, 100, 101, 250, 500, 1000, 2000, 5000]).Select(calls => new HeldCalls(calls, NoCap)),
        new HeldCalls(2000, null),
    ];

    public override IReadOnlyList<Contender> Contenders => GrpcContender.LongLived;

    public override TimeSpan Expected(BenchOptions options) => TimeSpan.FromSeconds(options.Count(25, 12));

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var server = await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour()));
        var load = await stage.StartLoadAsync(new LoadSettings
        {
            Grpc = new GrpcClientSettings { Addresses = server.Addresses.Grpc, CaPath = stage.Certificates.CaPath, DeadlineSeconds = 60 },
        });
        var watch = stage.Watch(load.Child);
        await load.GoAsync();
        var connections = new JsonObject();
        try
        {
            foreach (var level in Levels.Where(level => !stage.Options.Quick || level.Calls <= 1000))
            {
                var name = level.MaxConnections is null ? $"{level.Calls} by default" : $"{level.Calls}";
                connections[name] = await HoldAsync(server, load, level);
            }

            await load.Child.AskAsync(End);
        }
        catch (ChildExitedException) when (load.Child.HasExited)
        {
            // The contender died of it: that is a row.
        }

        await load.WaitAsync(Patience);
        var counts = await server.CountsAsync();
        var row = stage.CreateRow(load.Child, watch, load.DescriptorLimit, counts.GrpcConnections, counts.GrpcHandshakes);
        row.Extra["connections"] = connections;
        return row;
    }

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        var end = new TaskCompletionSource();
        GrpcClients? clients = null;
        var burst = Task.CompletedTask;
        load.On(Start, argument =>
        {
            var held = new ChildCommand(Start, argument).Read<HeldCalls>();
            var settings = load.Settings.Grpc! with { MaxConnections = held.MaxConnections };
            clients = GrpcContender.Find(load.Settings.Contender).Build(settings);
            burst = load.RunBurstAsync(held.Calls, (_, cancellationToken) => Calls.GetAsync(clients, 0, settings, cancellationToken));
            return ValueTask.FromResult<object?>(null);
        });
        load.On(Finish, async _ =>
        {
            await burst;
            await clients!.DisposeAsync();
            return null;
        });
        load.On(End, _ =>
        {
            end.SetResult();
            return ValueTask.FromResult<object?>(null);
        });
        await end.Task;
        load.Meter.Stop();
        return null;
    }

    private static async Task<JsonObject> HoldAsync(ServerProcess server, LoadProcess load, HeldCalls level)
    {
        var before = await server.CountsAsync();
        await server.BehaveAsync(new ServerBehaviour { Hold = true });
        await load.Child.AskAsync(Start, level);
        var held = await SettleAsync(server, before, level.Calls);
        await server.BehaveAsync(new ServerBehaviour());
        await load.Child.AskAsync(Finish);
        var after = await server.CountsAsync();
        return new JsonObject
        {
            ["used"] = after.GrpcConnections - before.GrpcConnections,
            ["ideal"] = (level.Calls + Streams - 1) / Streams,
            ["held"] = held.Held - before.Held,
        };
    }

    /// <summary>Waits until every call is held, or until no more arrive.</summary>
    private static async Task<ServerCounts> SettleAsync(ServerProcess server, ServerCounts before, int calls)
    {
        var last = before;
        for (var quiet = 0; quiet < 6;)
        {
            await Task.Delay(Settled);
            var now = await server.CountsAsync();
            if (now.Held - before.Held >= calls)
            {
                return now;
            }

            quiet = now.Held == last.Held ? quiet + 1 : 0;
            last = now;
        }

        return last;
    }
}
