using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>A server that can answer nobody: every further attempt makes it worse.</summary>
internal sealed class Overload() : GrpcScenario("overload", "10 clients of one address, 200 calls a second, against a server that answers Unavailable to all: attempts that reach it")
{
    private const int PerSecond = 200;
    private const int ClientCount = 10;
    private const int FrameworkAttempts = 5;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunPacedAsync(PerSecond, load.Duration, (number, cancellationToken) =>
            Calls.GetAsync(clients, number % ClientCount, load.Settings.Grpc!, cancellationToken));
        load.Meter.Stop();
        return null;
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(10, 4);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { FailShare = 1 });

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with
    {
        ClientsPerAddress = ClientCount,
        MaxAttempts = stage.Contender is PooledGrpc ? null : FrameworkAttempts,
    };

    protected override void Complete(Row row, ServerCounts counts)
    {
        row.Extra["attempts"] = counts.Requests;
        row.Extra["attemptsPerCall"] = row.Calls == 0 ? 0 : Math.Round((double)counts.Requests / row.Calls, 2);
    }
}
