using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Google.Protobuf;
using Grpc.Core;
using PooledClients.Connections.Budget;
using PooledClients.Grpc;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>
/// Calls against servers that fail at random; those that may not be processed twice are not. <c>POOLEDCLIENTS_RANDOM_CALLS</c> sets how many (100,000 for a
/// full run), <c>POOLEDCLIENTS_RANDOM_SEED</c> the seed, which is printed.
/// </summary>
public sealed class RandomFaultTests
{
    private const int Callers = 50;

    // As long as a put, by whose length the server knows a whole message.
    private static readonly GetRequest Get = new() { Key = ByteString.CopyFrom(new byte[Calls.AnyPut.CalculateSize() - 2]) };
    private static readonly ScanRequest Scan = new() { Database = new string('x', Calls.AnyPut.CalculateSize() - 2) };

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    // Beside what timers of this process are late themselves.
    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(50);

    private static int Total => int.Parse(Environment.GetEnvironmentVariable("POOLEDCLIENTS_RANDOM_CALLS") ?? "3000", CultureInfo.InvariantCulture);

    private static int Seed => Environment.GetEnvironmentVariable("POOLEDCLIENTS_RANDOM_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();

    [Fact]
    public async Task Put_RandomFaults_KeepsThePromises()
    {
        var seed = Seed;
        await using var peer = new RandomFaultPeer(seed);
        await using var clients = await ClientHost.StartAsync(log: null, peer.Address, static options => options.Resilience.Breaker.Enabled = false);

        await KeepsThePromisesAsync(clients, seed, peer, (_, options) => clients.KeyValue.PutAsync(Calls.AnyPut, options).ResponseAsync);

        await Eventually.HoldsAsync(() => clients.Transport.Endpoint!.Connections.Current.All(static connection => connection.Occupied == 0));
        await Eventually.HoldsAsync(() => clients.Transport.Endpoint!.Connections.Retired.Length == 0);
        await Eventually.HoldsAsync(() => clients.Get<ConnectionGate>().InUse == clients.Transport.Up, () => $"{clients.Get<ConnectionGate>().InUse} leases, {clients.Transport.Up} connections");
    }

    // Two endpoints, a breaker for which calls wait, and beside calls that may not be processed twice some that may, which are tried again, streams among them.
    [Fact]
    public async Task Calls_RandomFaultsOfTwoEndpoints_KeepThePromises()
    {
        var seed = Seed;
        await using var one = new RandomFaultPeer(seed);
        await using var other = new RandomFaultPeer(unchecked(seed + 1), one);
        await using var clients = await ClientHost.StartAsync(log: null, new Uri("http://service.test"), options =>
        {
            options.Endpoints.Resolver = EndpointResolver.Static;
            options.Endpoints.Addresses.Add($"127.0.0.1:{one.Address.Port}");
            options.Endpoints.Addresses.Add($"127.0.0.1:{other.Address.Port}");
            options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(5);
            options.WaitForReady = true;
        });

        await KeepsThePromisesAsync(clients, seed, one, (id, options) => (id % 3) switch
        {
            0 => clients.KeyValue.PutAsync(Calls.AnyPut, options).ResponseAsync,
            1 => clients.KeyValue.GetAsync(Get, May(options)).ResponseAsync,
            _ => ScanAsync(clients, May(options)),
        });

        static CallOptions May(CallOptions options)
        {
            options.Headers!.Add(RandomFaultPeer.Idempotent, "1");
            return options;
        }
    }

    private static async Task ScanAsync(ClientHost clients, CallOptions options)
    {
        using var call = clients.KeyValue.Scan(Scan, options);
        await foreach (var _ in call.ResponseStream.ReadAllAsync())
        {
        }
    }

    private static async Task KeepsThePromisesAsync(ClientHost clients, int seed, RandomFaultPeer peer, Func<int, CallOptions, Task> call)
    {
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var stalls = new Stalls();
        var wrong = new ConcurrentQueue<string>();
        var late = new ConcurrentQueue<(string Id, long Began, long Ended)>();
        var failed = new ConcurrentQueue<Status>();
        var succeeded = 0;

        await Calls.RunAsync(Callers, Total, async number =>
        {
            var id = number.ToString(CultureInfo.InvariantCulture);
            var began = Stopwatch.GetTimestamp();
            try
            {
                await call(number, new CallOptions(new Metadata { { "x-id", id } }, DateTime.UtcNow + Deadline));
                Interlocked.Increment(ref succeeded);
            }
            catch (RpcException exception)
            {
                failed.Enqueue(exception.Status);
                if (exception.StatusCode is StatusCode.Unknown or StatusCode.Internal && !peer.HasReset(id))
                {
                    wrong.Enqueue($"{id}: {exception.Status} {exception.Status.DebugException}");
                }
            }

            var ended = Stopwatch.GetTimestamp();
            var took = Stopwatch.GetElapsedTime(began, ended);
            if (took > Deadline + Late)
            {
                late.Enqueue((id, began, ended));
            }
        });

        await stalls.DisposeAsync();
        foreach (var (id, began, ended) in late)
        {
            var due = began + (long)(Deadline.TotalSeconds * Stopwatch.Frequency);
            var own = Stopwatch.GetElapsedTime(due, ended) - stalls.Between(due, ended);
            TestContext.Current.TestOutputHelper?.WriteLine($"{id}: {Stopwatch.GetElapsedTime(due, ended)} past its deadline, {own} of it without a stall");
            if (own > Late)
            {
                wrong.Enqueue($"{id}: took {Stopwatch.GetElapsedTime(began, ended)}");
            }
        }

        TestContext.Current.TestOutputHelper?.WriteLine($"{succeeded} of {Total} succeeded");
        Assert.True(wrong.IsEmpty, $"seed {seed}, {wrong.Count} of {Total}:\n{string.Join('\n', wrong.Take(5))}");
        Assert.Empty(peer.ProcessedTwice);

        // A connection that ends takes up to 60 calls along.
        Assert.True(succeeded > Total / 10, $"seed {seed}: only {succeeded} of {Total} succeeded:\n{string.Join('\n', failed.Take(5))}");
        var handler = clients.Get<GrpcChannelPool>().Handlers.Single();
        await Eventually.HoldsAsync(() => clients.Transport.InFlight == 0);
        await Eventually.HoldsAsync(() => (handler.Admission.InFlight, handler.Admission.Waiting, handler.OpenStreams.Count, handler.Pending.Count) == (0, 0, 0, 0));
    }
}
