using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The server takes far fewer streams than clients expect before they have heard of it.</summary>
internal sealed class LowStreamLimit() : GrpcScenario("low-stream-limit", "a server that takes 10 streams a connection: 200 cold calls at once, then 2,000 more")
{
    private const int Streams = 10;
    private const int ServiceMs = 50;
    private const int ColdCalls = 200;
    private const int NextCalls = 2000;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        Task Get(int caller, CancellationToken cancellationToken) => Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken);
        await load.RunBurstAsync(ColdCalls, Get);
        var coldFailed = load.Meter.Failed;
        for (var round = 0; round < NextCalls / ColdCalls; round++)
        {
            await load.RunBurstAsync(ColdCalls, Get);
        }

        load.Meter.Stop();
        return new { ColdFailed = coldFailed, NextFailed = load.Meter.Failed - coldFailed };
    }

    protected override TimeSpan Duration(BenchOptions options) => TimeSpan.FromSeconds(5);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs }) with { MaxStreams = Streams };
}
