using System.Text.Json;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>
/// The handler under the clients is replaced again and again while they are used: by a change of the CA file where that is followed,
/// by hand where it is not.
/// </summary>
internal sealed class Swap() : GrpcScenario("swap", "the trusted CA changes every 1.5 s under 16 callers and 4 streams that stay open; those who cannot follow rebuild by hand")
{
    private const string Rebuild = "rebuild";
    private const int OpenStreams = 4;
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1.5);
    private static readonly TimeSpan StreamPause = TimeSpan.FromMilliseconds(50);

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        var rebuilt = 0;
        load.On(Rebuild, _ =>
        {
            clients.Rebuild();
            rebuilt++;
            return ValueTask.FromResult<object?>(null);
        });

        using var end = new CancellationTokenSource(load.Duration);
        Task<bool>[] streams = [.. Enumerable.Range(0, OpenStreams).Select(caller =>
            load.RunOnceAsync(caller, (_, _) => Calls.ExchangeAsync(clients, StreamPause, end.Token), CancellationToken.None))];
        await load.RunCallersAsync((caller, cancellationToken) => Calls.ReadAsync(clients, caller, load.Settings.Grpc!, cancellationToken));
        var lived = await Task.WhenAll(streams);
        return new { Changes = rebuilt, StreamsBroken = lived.Count(well => !well) };
    }

    protected override TimeSpan Duration(BenchOptions options) => options.Duration(30, 8);

    protected override GrpcClientSettings Clients(Stage stage, string[] addresses) => base.Clients(stage, addresses) with { ReloadSeconds = 1, DeadlineSeconds = 5 };

    protected override async Task DisturbAsync(Stage stage, ServerProcess server, LoadProcess load)
    {
        using var other = new Certificates(stage.Certificates.Folder, "other");
        for (var change = 0; ; change++)
        {
            await load.DelayAsync(Between);
            if (load.Child.Done.IsCompleted)
            {
                return;
            }

            // Another authority beside the one in use comes and goes: a good change each time.
            Certificates.Replace(stage.Certificates.CaPath, change % 2 == 0 ? stage.Certificates.Pem + other.Pem : stage.Certificates.Pem);
            var _ = await load.Child.AskAsync(Rebuild);
        }
    }
}
