using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>Connections are replaced by age, so that a change of DNS is followed.</summary>
internal sealed class Lifetime() : GrpcScenario("lifetime", "a connection lifetime of 3 s: TCP connections made for the TLS sessions that are used; 4 callers")
{
    private const double LifetimeSeconds = 3;
    private const int ServiceMs = 20;

    protected override int Callers => 4;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunCallersAsync((_, cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken));
        return null;
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(30, 10);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs });

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with { LifetimeSeconds = LifetimeSeconds };
}
