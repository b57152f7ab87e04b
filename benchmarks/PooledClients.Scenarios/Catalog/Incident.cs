using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The gRPC half of the incident.</summary>
internal sealed class Incident() : GrpcScenario(
    "incident", "1,500 callers read from a service that takes 50 ms, under a limit of 1,024 descriptors")
{
    private const int Callers = 1500;
    private const int ServiceMs = 50;

    public override IReadOnlyList<Contender> Contenders => GrpcContender.All;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using GrpcClients clients = load.BuildGrpc();
        await load.RunCallersAsync((_, cancellationToken) => GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        return null;
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(10, 3);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs });

    protected override LoadSettings Load(Stage stage, ServerProcess server) => base.Load(stage, server) with { Callers = Callers };
}
