using System.Diagnostics;
using System.Globalization;
using Grpc.Core;
using PooledClients.Connections.Budget;
using PooledClients.Grpc;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>
/// Calls that may not be processed twice against a server that fails at random. <c>POOLEDCLIENTS_RANDOM_CALLS</c> sets how many (100,000 for a
/// full run), <c>POOLEDCLIENTS_RANDOM_SEED</c> the seed, which is printed.
/// </summary>
public sealed class RandomFaultTests
{
    private const int Callers = 50;

    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(3);

    // A full run has the machine to itself; CI has not.
    private static readonly TimeSpan Late = IsFull ? TimeSpan.FromMilliseconds(50) : TimeSpan.FromSeconds(2);

    private static int Total => int.Parse(Environment.GetEnvironmentVariable("POOLEDCLIENTS_RANDOM_CALLS") ?? "3000", CultureInfo.InvariantCulture);

    private static bool IsFull => Total >= 100_000;

    [Fact]
    public async Task Put_RandomFaults_KeepsThePromises()
    {
        var seed = Environment.GetEnvironmentVariable("POOLEDCLIENTS_RANDOM_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}");
        await using var peer = new RandomFaultPeer(seed);
        await using var clients = await ClientHost.StartAsync(log: null, peer.Address, options => options.Resilience.Breaker.Enabled = false);
        var wrong = new System.Collections.Concurrent.ConcurrentQueue<string>();
        var succeeded = 0;

        await Calls.RunAsync(Callers, Total, async number =>
        {
            var id = number.ToString(CultureInfo.InvariantCulture);
            var began = Stopwatch.GetTimestamp();
            try
            {
                await clients.KeyValue.PutAsync(Calls.AnyPut, new Metadata { { "x-id", id } }, DateTime.UtcNow + Deadline);
                Interlocked.Increment(ref succeeded);
            }
            catch (RpcException exception)
            {
                if (exception.StatusCode is StatusCode.Unknown or StatusCode.Internal && !peer.HasReset(id))
                {
                    wrong.Enqueue($"{id}: {exception.Status} {exception.Status.DebugException}");
                }
            }

            var took = Stopwatch.GetElapsedTime(began);
            if (took > Deadline + Late)
            {
                wrong.Enqueue($"{id}: took {took}");
            }
        });

        Assert.True(wrong.IsEmpty, $"seed {seed}, {wrong.Count} of {Total}:\n{string.Join('\n', wrong.Take(5))}");
        Assert.Empty(peer.ProcessedTwice);
        // A connection that ends takes up to 60 calls along.
        Assert.True(succeeded > Total / 10, $"seed {seed}: only {succeeded} of {Total} succeeded");
        var handler = clients.Get<GrpcChannelPool>().Handlers.Single();
        await Eventually.HoldsAsync(() => clients.Transport.InFlight == 0);
        await Eventually.HoldsAsync(() => (handler.Admission.InFlight, handler.Admission.Waiting, handler.OpenStreams.Count, handler.Pending.Count) == (0, 0, 0, 0));
        await Eventually.HoldsAsync(() => clients.Transport.Endpoint!.Connections.Current.All(static connection => connection.Occupied == 0));
        await Eventually.HoldsAsync(() => clients.Transport.Endpoint!.Connections.Retired.Length == 0);
        await Eventually.HoldsAsync(() => clients.Get<ConnectionGate>().InUse == clients.Transport.Up, () => $"{clients.Get<ConnectionGate>().InUse} leases, {clients.Transport.Up} connections");
    }
}
