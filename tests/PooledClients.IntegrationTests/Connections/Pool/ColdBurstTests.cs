using System.Globalization;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>Calls that come at once before there is a connection: as many connections as they need, and not one more.</summary>
public class ColdBurstTests : WatchedTest
{
    // POOLEDCLIENTS_ROUNDS=300 is the full version.
    private static readonly int Rounds =
        int.Parse(Environment.GetEnvironmentVariable("POOLEDCLIENTS_ROUNDS") ?? "20", CultureInfo.InvariantCulture);

    [Theory]
    [InlineData(64, 1)]
    [InlineData(100, 1)]
    [InlineData(250, 3)]
    public async Task Streams_OpenedAtOnce_TakeJustTheConnectionsTheyNeed(int calls, int connections)
    {
        await using var server = await TestServer.StartAsync();
        for (var round = 0; round < Rounds; round++)
        {
            await using var clients = await ClientHost.StartAsync(log: null, server.Address);
            var before = server.Connections.Accepted;
            server.Behavior.Hold();

            var scans = Enumerable.Range(0, calls).Select(_ => clients.KeyValue.ScanAsync()).ToArray();
            await Eventually.EqualAsync(calls, () => server.Behavior.InFlight);

            Assert.Equal((round, connections), (round, server.Connections.Accepted - before));
            Assert.Equal(calls, clients.Transport.InFlight);
            server.Behavior.Release();
            await Task.WhenAll(scans);
        }
    }
}
