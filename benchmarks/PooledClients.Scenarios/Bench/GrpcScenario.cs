using Google.Protobuf;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;
using RocksDb.V1;

namespace PooledClients.Scenarios.Bench;

/// <summary>
/// A scenario of one gRPC server and callers that read from it: what most of them are. What happens meanwhile is in
/// <see cref="DisturbAsync"/>.
/// </summary>
internal abstract class GrpcScenario(string name, string description) : Scenario(name, description)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly ByteString Key = ByteString.CopyFrom(KeyValueStore.SampleKey);

    public override IReadOnlyList<Contender> Contenders => GrpcContender.LongLived;

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(3);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        ServerProcess server = await stage.StartServerAsync(Server(stage));
        LoadProcess load = await stage.StartLoadAsync(Load(stage, server));
        ProcessWatch watch = stage.Watch(load.Child);
        await load.GoAsync();
        Task disturb = DisturbAsync(stage, server, load);
        await load.WaitAsync(Duration(stage.Options) + Patience);
        await disturb;
        ServerCounts counts = await server.CountsAsync();
        Row row = stage.CreateRow(load.Child, watch, load.DescriptorLimit, counts.GrpcConnections, counts.GrpcHandshakes);
        Complete(row, counts);
        return row;
    }

    /// <summary>Reads one value with one client.</summary>
    protected static async Task GetAsync(GrpcClients clients, int client, GrpcClientSettings settings, CancellationToken cancellationToken)
    {
        using StubLease lease = clients.Take(client);
        await lease.Stub.GetAsync(SampleRequest(), Calls.Options(settings, cancellationToken));
    }

    protected static GetRequest SampleRequest() => new() { Database = KeyValueStore.SampleDatabase, Key = Key };

    /// <summary>Tells how long the load lasts.</summary>
    protected abstract TimeSpan Duration(BenchOptions options);

    protected virtual ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour());

    protected virtual LoadSettings Load(Stage stage, ServerProcess server) => new()
    {
        Grpc = Clients(stage, server),
        Seconds = Duration(stage.Options).TotalSeconds,
    };

    protected virtual GrpcClientSettings Clients(Stage stage, ServerProcess server) => new()
    {
        Addresses = server.Addresses.Grpc,
        CaPath = stage.Certificates.CaPath,
    };

    /// <summary>Does to the server and the network what the scenario is about, while the load runs.</summary>
    protected virtual Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load) => Task.CompletedTask;

    /// <summary>Adds to the row what the server has counted and only this scenario tells.</summary>
    protected virtual void Complete(Row row, ServerCounts counts)
    {
    }
}
