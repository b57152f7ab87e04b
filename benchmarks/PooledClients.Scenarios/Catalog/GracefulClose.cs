using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The server ends its connections as proxies and servers do: with a GOAWAY.</summary>
internal sealed class GracefulClose() : GrpcScenario("graceful-close", "the server closes each connection gracefully after 300 ms; 16 callers, unary and server-streaming")
{
    private const int CloseAfterMs = 300;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        await load.RunCallersAsync((caller, cancellationToken) => Calls.ReadAsync(clients, caller, load.Settings.Grpc!, cancellationToken));
        return null;
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(20, 5);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { CloseConnectionsAfterMs = CloseAfterMs });
}
