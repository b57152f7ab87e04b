using System.Globalization;
using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Http2;
using PooledClients.IntegrationTests.Logs;
using PooledClients.IntegrationTests.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>Whatever a server does and callers give up, our count of what is on its connections is its own.</summary>
public class CountPropertyTests : WatchedTest
{
    // POOLEDCLIENTS_CALLS=100000 is the full version; POOLEDCLIENTS_SEED repeats a run.
    private static readonly int Total = Setting("POOLEDCLIENTS_CALLS", 6_000);
    private static readonly int Seed = Setting("POOLEDCLIENTS_SEED", Environment.TickCount & 0xffff);

    [Fact]
    public async Task Calls_WithRandomEnds_CountAsTheServerCounts()
    {
        const int Round = 1_000;
        Log.Allow(static _ => true);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
        var peer = new CountedPeer(Seed);
        await using var server = new RawHttp2Server(peer.ServeAsync);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address, options =>
        {
            options.Resilience.MaxAttempts = 1;
            options.Admission.Mode = AdmissionMode.Off;
            options.Deadline = TimeSpan.FromSeconds(20);
        });
        _ = clients.KeyValue;
        var pool = clients.Transport.Endpoint!;

        for (var round = 0; round < Total / Round; round++)
        {
            await Calls.RunAsync(callers: 150, Round, number => CallAsync(clients.KeyValue, new Random(Seed + (round * Round) + number)));

            // A quiet point: nobody calls, and what was given up is told to the other side.
            await Eventually.HoldsAsync(
                () => pool.Connections.InFlight == 0 && peer.Open == 0,
                () => $"Seed {Seed}, round {round}: we count {pool.Connections.InFlight}, the server {peer.Open}.");
            Assert.Equal(0, pool.Waiting);
        }

        Assert.Equal((Seed, 0), (Seed, peer.OverLimit));
        Assert.InRange(pool.Connections.Current.Length, 0, 10);
    }

    private static async Task CallAsync(KeyValue.KeyValueClient client, Random random)
    {
        try
        {
            using var giveUp = new CancellationTokenSource();
            switch (random.Next(8))
            {
                case 0:
                    giveUp.CancelAfter(random.Next(1, 20));
                    await client.GetAsync(Calls.AnyGet, cancellationToken: giveUp.Token);
                    break;
                case 1:
                    await client.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddMilliseconds(random.Next(1, 20)));
                    break;
                case 2:
                    using (var scan = client.Scan(new ScanRequest()))
                    {
                        await scan.ResponseStream.MoveNext(CancellationToken.None);
                    }

                    break;
                case 3:
                    using (var exchange = client.Exchange())
                    {
                        await exchange.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet });
                    }

                    break;
                default:
                    await client.GetAsync(Calls.AnyGet);
                    break;
            }
        }
        catch (Exception exception) when (exception is RpcException)
        {
            // What it came to is another test's; a write tells of its connection's end in its own words.
        }
    }

    private static int Setting(string name, int value) =>
        Environment.GetEnvironmentVariable(name) is { } set ? int.Parse(set, CultureInfo.InvariantCulture) : value;
}
