using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The server is gone for a while.</summary>
internal sealed class Outage() : GrpcScenario("outage", "the server is killed, and started again 45 s later; 16 callers go on calling")
{
    private const string Back = "back";
    private static readonly TimeSpan Before = TimeSpan.FromSeconds(2);

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunCallersAsync((_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        var back = load.Moment(Back)!.Value;
        return new
        {
            SecondsToFirstSuccess = load.Meter.Timeline.SecondsToFirstSuccess(back),
            SecondsOfFailureAfterReturn = load.Meter.Timeline.SecondsToLastFailure(back),
        };
    }

    protected override TimeSpan Duration(BenchOptions options) => Before + Gone(options) + After(options);

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with { DeadlineSeconds = 2 };

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await load.DelayAsync(Before);
        await server.KillAsync();
        await load.DelayAsync(Gone(stage.Options));
        await load.MarkAsync(Back, await server.RestartAsync());
    }

    private static TimeSpan Gone(BenchOptions options) => options.Duration(45, 8);

    private static TimeSpan After(BenchOptions options) => options.Duration(60, 12);
}
