using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Processes;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Bench;

/// <summary>A scenario of one HTTP API and callers of it.</summary>
internal abstract class HttpScenario(string name, string description) : Scenario(name, description)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    public override IReadOnlyList<Contender> Contenders => HttpContender.LongLived;

    public override TimeSpan Expected(BenchOptions options) => Duration(options) + TimeSpan.FromSeconds(3);

    /// <summary>Gets how many callers there are, each with one request at a time.</summary>
    protected virtual int Callers => 16;

    /// <summary>Gets how long an exchange may take.</summary>
    protected virtual double DeadlineSeconds => 30;

    public override async Task<Row> MeasureAsync(Stage stage)
    {
        var server = await stage.StartServerAsync(stage.ServerSettings(Behaviour));
        var load = await stage.StartLoadAsync(new LoadSettings
        {
            Http = new HttpClientSettings(server.Addresses.Api, stage.Certificates.CaPath) { DeadlineSeconds = DeadlineSeconds },
            Callers = Callers,
            Calls = Count(stage.Options),
            Seconds = Duration(stage.Options).TotalSeconds,
        });
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
        var row = stage.CreateRow(load.Child, watch, load.DescriptorLimit, counts.ApiConnections, counts.ApiHandshakes);
        await CompleteAsync(row, server, counts);
        return row;
    }

    private async Task DisturbWhenCallingAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        await load.CallingAsync();
        await DisturbAsync(stage, server, load);
    }

    protected virtual ServerBehaviour Behaviour => new();

    /// <summary>Tells how long the load lasts, or may last where a number of calls is what matters.</summary>
    protected abstract TimeSpan Duration(BenchOptions options);

    /// <summary>Tells how many calls are made, where a number is what matters.</summary>
    protected virtual int Count(BenchOptions options) => 0;

    /// <summary>Does to the server what the scenario is about, while the load runs.</summary>
    protected virtual Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load) => Task.CompletedTask;

    /// <summary>Adds to the row what the server has counted and only this scenario tells.</summary>
    protected virtual Task CompleteAsync(Row row, ServerProcess server, ServerCounts counts) => Task.CompletedTask;
}
