using System.Diagnostics;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The server is slow, then fast, and the callers never pause: what was right for slow calls is too many for fast ones.</summary>
internal sealed class Turn() : GrpcScenario("turn", "1,500 callers of calls that take 50 ms, and after 6 s take no time: calls a second from 5 s after the turn")
{
    private const int ServiceMs = 50;
    private static readonly TimeSpan Slow = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Found = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Counted = TimeSpan.FromSeconds(5);

    protected override int Callers => 1500;

    public override IReadOnlyList<Contender> Contenders { get; } = [GrpcContender.SharedChannel, GrpcContender.Pooled];

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunCallersAsync((_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        var turned = load.Moment(nameof(Turn))!.Value;
        return new { CallsASecond = Enumerable.Range(0, (int)(Found + Counted).TotalSeconds).Select(second => load.Meter.Timeline.SuccessesBetween(Later(turned, second), Later(turned, second + 1))).ToArray() };
    }

    protected override TimeSpan Duration(BenchOptions options) => Slow + Found + Counted + TimeSpan.FromSeconds(1);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs });

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await Task.Delay(Slow);
        await server.BehaveAsync(new ServerBehaviour());
        await load.MarkAsync(nameof(Turn));
    }

    private static long Later(long moment, double seconds) => moment + (long)(seconds * Stopwatch.Frequency);
}
