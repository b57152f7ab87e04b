using System.Globalization;
using Grpc.Core;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>Whatever a server does and callers give up, our count of what is on its connections is its own.</summary>
public class CountPropertyTests : WatchedTest
{
    private const int Callers = 150;

    // POOLEDCLIENTS_CALLS=100000 is the full version; POOLEDCLIENTS_SEED repeats a run.
    private static readonly int Total = Setting("POOLEDCLIENTS_CALLS", 4_000);
    private static readonly int Seed = Setting("POOLEDCLIENTS_SEED", Environment.TickCount & 0xffff);

    private int _hung;

    public CountPropertyTests()
    {
        Log.Allow(static _ => true);
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {Seed}");
    }

    [Fact]
    public async Task Calls_WithRandomEnds_CountAsTheServerCounts()
    {
        const int Round = 1_000;

        // A call that was given to a connection whose limit falls then waits in the runtime for the streams that are held.
        var peer = new CountedPeer(Seed, lowers: false);
        await using var server = new RawHttp2Server(peer.ServeAsync);
        await using var clients = await StartAsync(server);
        var pool = clients.Transport.Endpoint!;

        for (var round = 0; round < Total / Round; round++)
        {
            // Streams that stay open over the quiet point, unless the server ends them.
            var held = new List<AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse>>();
            for (var stream = new Random(Seed + round).Next(20); stream > 0; stream--)
            {
                held.Add(clients.KeyValue.Exchange());
            }

            await Calls.RunAsync(Callers, Round, number => CallAsync(clients.KeyValue, new Random(Seed + (round * Round) + number)));

            // A quiet point: nobody calls, and what was given up is told to the other side.
            await EqualAsync(pool, peer, round, () => peer.Open);
            held.ForEach(static call => call.Dispose());
            await EqualAsync(pool, peer, round, static () => 0);
            Assert.Equal(0, pool.Waiting);
        }

        Assert.Equal((Seed, 0, 0), (Seed, peer.OverLimit, _hung));
        Assert.InRange(pool.Connections.Current.Length, 0, 10);
    }

    [Fact]
    public async Task Calls_WhileTheyRun_CountNoMoreThanThereAre()
    {
        const int Window = 200;
        var peer = new CountedPeer(Seed, lowers: true);
        await using var server = new RawHttp2Server(peer.ServeAsync);
        await using var clients = await StartAsync(server);
        var pool = clients.Transport.Endpoint!;
        var inFlight = 0;

        var calls = Calls.RunAsync(Callers, Total, async number =>
        {
            Interlocked.Increment(ref inFlight);
            await CallAsync(clients.KeyValue, new Random(Seed + number));
            Interlocked.Decrement(ref inFlight);
        });

        // A call may count twice for a moment, and one that was given up until its reset is written. What never goes away is an error: the
        // least that we count too much within a while is nothing.
        var most = 0;
        while (!calls.IsCompleted)
        {
            var least = int.MaxValue;
            for (var sample = 0; sample < Window && !calls.IsCompleted; sample++)
            {
                var counted = pool.Connections.InFlight;
                least = Math.Min(least, counted - Volatile.Read(ref inFlight));
                await Task.Delay(1);
            }

            most = Math.Max(most, calls.IsCompleted ? 0 : least);
        }

        await calls;
        await EqualAsync(pool, peer, round: 0, static () => 0);
        Assert.Equal((Seed, 0, 0, 0), (Seed, most, peer.OverLimit, _hung));
    }

    private static Task EqualAsync(EndpointPool pool, CountedPeer peer, int round, Func<int> expected) => Eventually.HoldsAsync(
        () => pool.Connections.InFlight == expected() && peer.Open == expected(),
        () => $"Seed {Seed}, round {round}: we count {pool.Connections.InFlight}, the server {peer.Open}, expected {expected()}. "
            + string.Join("; ", pool.Connections.Current.Concat(pool.Connections.Retired)) + ". Server: " + peer);

    private static async Task<ClientHost> StartAsync(RawHttp2Server server)
    {
        var clients = await ClientHost.StartAsync(log: null, server.Address, options =>
        {
            options.Resilience.Retry.MaxAttempts = 1;
            options.Admission.Mode = AdmissionMode.Off;
            options.Deadline = TimeSpan.FromSeconds(20);
        });
        _ = clients.KeyValue;
        return clients;
    }

    private async Task CallAsync(KeyValue.KeyValueClient client, Random random)
    {
        var isShort = false;
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
                    isShort = true;
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
        catch (RpcException exception)
        {
            // What else it came to is another test's.
            if (exception.StatusCode == StatusCode.DeadlineExceeded && !isShort)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"A call has hung: {exception.Status.Detail}");
                Interlocked.Increment(ref _hung);
            }
        }
    }

    private static int Setting(string name, int value) =>
        Environment.GetEnvironmentVariable(name) is { } set ? int.Parse(set, CultureInfo.InvariantCulture) : value;
}
