using System.Collections.Concurrent;
using PooledClients.Scenarios.Bench;
using PooledClients.Scenarios.Contenders;
using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Catalog;

/// <summary>More addresses than descriptors.</summary>
internal sealed class ManyAddresses() : GrpcScenario("many-addresses", "1,000 addresses, each called three times, all of them at once, with 1,024 descriptors")
{
    private const int Addresses = 1000;
    private const int Rounds = 3;
    private const int ServiceMs = 20;

    protected override int Callers => Addresses;

    public override async Task<object?> LoadAsync(LoadContext load)
    {
        await using var clients = load.BuildGrpc();
        var served = new ConcurrentDictionary<int, bool>();
        for (var round = 0; round < Rounds; round++)
        {
            await load.RunBurstAsync(load.Settings.Grpc!.Addresses.Length, async (caller, cancellationToken) =>
            {
                await Calls.GetAsync(clients, caller, load.Settings.Grpc!, cancellationToken);
                served[caller] = true;
            });
        }

        load.Meter.Stop();
        return new { AddressesServed = served.Count };
    }

    protected override TimeSpan Duration(BenchOptions options) => TimeSpan.FromSeconds(20);

    protected override ServerSettings Server(Stage stage) => stage.ServerSettings(new ServerBehaviour { DelayMs = ServiceMs }) with { GrpcPorts = new int[Addresses] };
}
