using System.Diagnostics;
using System.Text.Json;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>A middlebox forgets its connections without a word.</summary>
internal sealed class BlackHole() : GrpcScenario(
    "black-hole", "a relay stops forwarding on the connections it has, closes none, and serves new ones; one caller, deadline 2 s, no pings")
{
    private const string Hole = "hole";
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    private ChildProcess? _relay;

    protected override int Callers => 1;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunCallersAsync((_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        var hole = load.Moment(Hole)!.Value;
        return new
        {
            // The call that ran into the hole reaches its deadline of 2 s by then.
            SecondsOfFailureAfterHole = load.Meter.Timeline.SecondsToLastFailure(hole),
            SecondsToFirstSuccessAfterDeadline = load.Meter.Timeline.SecondsToFirstSuccess(hole + (2 * Stopwatch.Frequency)),
            CallsFailedAfterHole = load.Meter.Timeline.FailuresBetween(hole, long.MaxValue),
        };
    }

    protected override TimeSpan Duration(BenchOptions options) => Before + options.Duration(40, 10);

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with { DeadlineSeconds = 2 };

    protected override async Task<string[]> AddressesAsync(Stage stage, ServerProcess server)
    {
        var settings = new RelaySettings(ServerAddresses.Port(server.Addresses.Grpc[0]));
        (_relay, var port) = await ChildProcess.StartAsync(ChildSpec.Create(RelayRole.Name, settings));
        stage.Own(_relay);
        return [$"https://127.0.0.1:{port.GetInt32()}"];
    }

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await load.DelayAsync(Before);
        await load.MarkAsync(Hole);
        await _relay!.AskAsync(RelayRole.Hole);
    }
}
