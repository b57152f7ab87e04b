using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>A process that talks to more than its descriptors allow, over gRPC and HTTP together.</summary>
internal sealed class DescriptorBudget() : Scenario(
    "descriptor-budget", "10 gRPC clients with 5,000 callers and an HTTP/1.1 client with 2,000 callers of a slow API, in one process with 1,024 descriptors")
{
    private const int GrpcClientCount = 10;
    private const int GrpcCallers = 5000;
    private const int HttpCallers = 2000;
    private const int ServiceMs = 50;
    private const int ApiMs = 500;
    private const int DeadlineSeconds = 60;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override IReadOnlyList<Contender> Contenders => GrpcContender.LongLived;

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(20);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var server = await stage.StartServerAsync(stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs, ApiDelayMs = ApiMs }));
        var load = await stage.StartLoadAsync(new LoadSettings
        {
            Grpc = new GrpcClientSettings
            {
                Addresses = server.Addresses.Grpc,
                CaPath = stage.Certificates.CaPath,
                ClientsPerAddress = GrpcClientCount,
                DeadlineSeconds = DeadlineSeconds,
            },
            Http = new HttpClientSettings(server.Addresses.Api, stage.Certificates.CaPath) { DeadlineSeconds = DeadlineSeconds },
            Callers = GrpcCallers + HttpCallers,
            Seconds = Duration(stage.Options).TotalSeconds,
        });
        var watch = stage.Watch(load.Child);
        await load.GoAsync();
        await load.WaitAsync(Duration(stage.Options) + Patience);
        var counts = await server.CountsAsync();
        var row = stage.CreateRow(
            load.Child, watch, load.DescriptorLimit, counts.GrpcConnections + counts.ApiConnections, counts.GrpcHandshakes + counts.ApiHandshakes);
        row.Extra["httpConnections"] = counts.ApiConnections;
        return row;
    }

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        var baseline = Native.CountDescriptors("/proc/self/fd");
        (var grpc, var http) = GrpcContender.Find(load.Settings.Contender).BuildBoth(load.Settings.Grpc!, load.Settings.Http!);
        var requests = 0;
        await load.RunCallersAsync(async (caller, cancellationToken) =>
        {
            if (caller < GrpcCallers)
            {
                await Calls.GetAsync(grpc, caller % GrpcClientCount, load.Settings.Grpc!, cancellationToken);
                return;
            }

            await http.Take().GetByteArrayAsync($"records/{caller}", cancellationToken);
            Interlocked.Increment(ref requests);
        });
        await grpc.DisposeAsync();
        await http.DisposeAsync();
        return new { HttpSucceeded = requests, DescriptorsBefore = baseline };
    }

    private static TimeSpan Duration(BenchOptions options) => options.Duration(10, 4);
}
