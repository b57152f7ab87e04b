using System.Diagnostics;
using Grpc.Core;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Measuring;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>The server answers too late: a call that ends at its deadline has done well.</summary>
internal sealed class Slow() : GrpcScenario("slow", "50 callers with a deadline of 0.3 s against a server that takes 2 s: how late the calls end")
{
    private const double DeadlineSeconds = 0.3;
    private const int ServiceMs = 2000;

    protected override int Callers => 50;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();

        // The first call dials, and loads what it needs: that is not what is measured.
        await Calls.GetAsync(clients, 0, load.Settings.Grpc! with { DeadlineSeconds = 10 }, CancellationToken.None);
        var overrun = new LatencyHistogram();
        await load.RunCallersAsync(async (_, cancellationToken) =>
        {
            var started = Stopwatch.GetTimestamp();
            try
            {
                await Calls.GetAsync(clients, 0, load.Settings.Grpc!, cancellationToken);
            }
            catch (RpcException error) when (error.StatusCode == StatusCode.DeadlineExceeded)
            {
                overrun.Record(Stopwatch.GetElapsedTime(started) - TimeSpan.FromSeconds(DeadlineSeconds));
            }
        });
        return new { OverrunP50Ms = overrun.Percentile(0.5), OverrunP99Ms = overrun.Percentile(0.99), OverrunMaxMs = overrun.Percentile(1) };
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(10, 4);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs });

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with { DeadlineSeconds = DeadlineSeconds };
}
