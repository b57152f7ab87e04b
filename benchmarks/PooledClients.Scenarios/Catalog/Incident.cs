using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The gRPC half of the incident.</summary>
internal sealed class Incident() : GrpcScenario(
    "incident", "1,500 callers read from a service that takes 50 ms, under a limit of 1,024 descriptors")
{
    private const int ServiceMs = 50;

    public override IReadOnlyList<Contender> Contenders => GrpcContender.All;

    protected override int Callers => 1500;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunCallersAsync((_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        return null;
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(10, 3);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs });
}
