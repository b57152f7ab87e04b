using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Bench;

/// <summary>
/// A scenario of one gRPC server and callers that read from it: what most of them are. What happens meanwhile is in
/// <see cref="DisturbAsync"/>.
/// </summary>
internal abstract class GrpcScenario(string name, string description) : Scenario(name, description)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    /// <summary>Gets how many callers there are, each with one call at a time.</summary>
    protected virtual int Callers => 16;

    public override IReadOnlyList<Contender> Contenders => GrpcContender.LongLived;

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(3);

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var server = await stage.StartServerAsync(Server(stage));
        var addresses = await AddressesAsync(stage, server);
        var load = await stage.StartLoadAsync(Load(stage, addresses));
        var watch = stage.Watch(load.Child);
        await load.GoAsync();
        var disturb = DisturbWhenCallingAsync(stage, server, load);
        await load.WaitAsync(Duration(stage.Options) + Patience);
        try
        {
            await disturb;
        }
        catch (ChildExitedException) when (load.Child.HasExited)
        {
            // The contender died of it: that is a row.
        }

        var counts = await server.CountsAsync();
        var row = stage.CreateRow(load.Child, watch, load.DescriptorLimit, counts.GrpcConnections, counts.GrpcHandshakes);
        Complete(row, counts);
        return row;
    }

    private async Task DisturbWhenCallingAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await load.CallingAsync();
        await DisturbAsync(stage, server, load);
    }

    /// <summary>Tells how long the load lasts.</summary>
    protected abstract TimeSpan Duration(BenchOptions options);

    protected virtual ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour());

    /// <summary>Tells where the clients go, where that is not straight to the server.</summary>
    protected virtual Task<string[]> AddressesAsync(Stage stage, ServerProcess server) => Task.FromResult(server.Addresses.Grpc);

    protected virtual LoadSettings Load(Stage stage, string[] addresses) => new()
    {
        Grpc = Clients(stage, addresses),
        Callers = Callers,
        Seconds = Duration(stage.Options).TotalSeconds,
    };

    protected virtual GrpcClientSettings Clients(Stage stage, string[] addresses) => new()
    {
        Addresses = addresses,
        CaPath = stage.Certificates.CaPath,
    };

    /// <summary>Does to the server and the network what the scenario is about, while the load runs.</summary>
    protected virtual Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load) => Task.CompletedTask;

    /// <summary>Adds to the row what the server has counted and only this scenario tells.</summary>
    protected virtual void Complete(Row row, ServerCounts counts)
    {
    }
}
