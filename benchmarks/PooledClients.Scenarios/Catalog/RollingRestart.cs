using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The server is replaced again and again, as a deployment does.</summary>
internal sealed class RollingRestart() : GrpcScenario(
    "rolling-restart", "the server is stopped gracefully and started again, over and over; 16 callers that wait for ready, unary and server-streaming")
{
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(2);

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunCallersAsync((caller, cancellationToken) => Calls.ReadAsync(clients, caller, load.Settings.Grpc!, cancellationToken));
        return null;
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(30, 10);

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with { WaitForReady = true };

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        while (true)
        {
            await load.DelayAsync(Between);
            if (load.Child.Done.IsCompleted)
            {
                return;
            }

            await server.StopAsync();
            await server.RestartAsync();
        }
    }
}
