using Google.Protobuf;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.Resilience;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>
/// Walks the table of failures (docs/deadlines-and-retries.md): a real peer makes each, over one connection and over several, and what
/// the calls come to is what the table says.
/// </summary>
[Trait("Runtime", "Texts")]
public sealed class FailureTableTests
{
    private const int Callers = 3;

    public static TheoryData<string, int> Rows
    {
        get
        {
            var rows = new TheoryData<string, int>();
            foreach (var cause in FailureRows.All.Keys)
            {
                rows.Add(cause, 1);
                rows.Add(cause, Callers);
            }

            return rows;
        }
    }

    [Fact]
    public void Rows_Count_IsAtLeastSixty() => Assert.True(FailureRows.All.Count >= 60, $"{FailureRows.All.Count}");

    // What has none takes a shortage of the process, which is no test's to make beside others, or an instant that no peer can time.
    [Fact]
    public void Rows_Kinds_AreAllThatOneProcessCanMake() => Assert.Equal(
        [FailureKind.OutOfDescriptors, FailureKind.Starved, FailureKind.NeverSent],
        Enum.GetValues<FailureKind>().Except(FailureRows.All.Values.Select(static row => row.Expected.Kind)));

    // A method that may not be processed twice: it is sent again only where the table has a transparent retry.
    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Put_Failing_ComesToWhatTheTableSays(string cause, int connections)
    {
        var row = FailureRows.All[cause];
        await using var peer = await row.Start(Callers / connections);
        await using var clients = await StartAsync(peer, breaker: false);

        var failures = await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Calls.FailureOf(Put(clients, peer))));

        Assert.All(failures, failure => Assert.True(IsAsExpected(row, failure.Status), $"{failure.Status}"));
        Assert.All(failures, failure => Assert.DoesNotContain("attempts", failure.Status.Detail, StringComparison.Ordinal));
        if (row.Expected.Transparent == TransparentRetry.None)
        {
            Assert.InRange(peer.Requests, 0, Callers);
        }
        else
        {
            // The runtime sends what is refused four times itself; of what never comes up the connections are counted, which calls share, and of one that is cut
            // the connect may tell, which is not made again.
            var least = row.Expected.Kind switch { FailureKind.StreamRefused => 4 * Callers, FailureKind.NeverCameUp => cause.StartsWith("cut", StringComparison.Ordinal) ? 0 : 1, _ => Callers };
            Assert.True(peer.Requests > least, $"{peer.Requests} requests");
        }
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Get_Failing_IsTriedAgainWhereTheTableSays(string cause, int connections)
    {
        var row = FailureRows.All[cause];
        await using var peer = await row.Start(Callers / connections);
        await using var clients = await StartAsync(peer, breaker: false);

        var failures = await FailAsync(clients, row, connections, Callers, () => Calls.FailureOf(clients.KeyValue.GetAsync(new GetRequest { Key = Bytes(peer) }, OptionsOf(peer))));

        // Whose connection a neighbour's answer ended may be told so in another way, and tried again; it then meets the same answer.
        var neighbours = HasNeighbours(row, connections) ? Callers : 0;
        var others = failures.Where(failure => row.Expected.IsTransient != failure.Status.Detail.Contains("(2 attempts", StringComparison.Ordinal)).ToList();
        Assert.True(others.Count <= neighbours, string.Join('\n', others.Select(static failure => failure.Status)));
    }

    [Theory]
    [MemberData(nameof(Rows))]
    public async Task Put_FailingAllTheTime_OpensTheBreakerWhereTheTableSays(string cause, int connections)
    {
        var row = FailureRows.All[cause];
        await using var peer = await row.Start(Callers / connections);
        await using var clients = await StartAsync(peer, breaker: true);

        for (var i = 0; i < Callers; i++)
        {
            await FailAsync(clients, row, connections, connections, () => Calls.FailureOf(Put(clients, peer)));
        }

        var last = await Calls.FailureOf(Put(clients, peer));
        var counts = row.Expected is { Breaker: RequestOutcome.Failed, IsConnect: false } or { Kind: FailureKind.BreakerOpen };
        if (HasNeighbours(row, connections))
        {
            // Whose connection a neighbour's answer ended has lost it, which counts.
            return;
        }

        Assert.True(counts == last.Status.Detail.StartsWith("The breaker of", StringComparison.Ordinal), $"{last.Status}");
    }

    private static bool HasNeighbours(FailureRow row, int connections) => connections == 1 && row.Expected.Kind == FailureKind.ResponseHeadersTooLarge;

    // An answer that ends its connection ends its neighbours' calls too, and before a server has spoken calls share a connection however few it allows:
    // the one row that tells the two apart has its calls made one after another, each when the connection of the one before is gone.
    private static async Task<RpcException[]> FailAsync(ClientHost clients, FailureRow row, int connections, int calls, Func<Task<RpcException>> call)
    {
        if (connections == 1 || row.Expected.Kind != FailureKind.ResponseHeadersTooLarge)
        {
            return await Task.WhenAll(Enumerable.Range(0, calls).Select(_ => call()));
        }

        var failures = new List<RpcException>();
        for (var i = 0; i < calls; i++)
        {
            failures.Add(await call());
            await Eventually.HoldsAsync(() => clients.Transport.Up == 0);
        }

        return [.. failures];
    }

    private static bool IsAsExpected(FailureRow row, Status status) =>
        status.StatusCode == row.Expected.Status && status.Detail.Contains(row.Words, StringComparison.Ordinal);

    private static AsyncUnaryCall<PutResponse> Put(ClientHost clients, FailurePeer peer) => clients.KeyValue.PutAsync(new PutRequest { Value = Bytes(peer) }, OptionsOf(peer));

    private static ByteString Bytes(FailurePeer peer) => ByteString.CopyFrom(new byte[peer.Length]);

    private static CallOptions OptionsOf(FailurePeer peer) => new(
        peer.HeaderLength == 0 ? null : new Metadata { { "x-large", new string('x', peer.HeaderLength) } },
        peer.Deadline is { } deadline ? DateTime.UtcNow + deadline : null,
        peer.Cancelled is { } delay ? new CancellationTokenSource(delay).Token : default);

    private static async Task<ClientHost> StartAsync(FailurePeer peer, bool breaker)
    {
        var clients = await ClientHost.StartAsync(log: null, services =>
        {
            peer.Services?.Invoke(services);
            var client = services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.ConnectTo(peer.Address, peer.Authority);
                options.Deadline = TimeSpan.FromSeconds(20);
                options.MaxSendMessageSize = 100_000;
                options.Resilience.Retry.MaxAttempts = 2;
                options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(1);
                options.Resilience.RetryBudget.PerSecond = 1000;
                (options.Resilience.Breaker.Enabled, options.Resilience.Breaker.FailureRatio) = (breaker || peer.HasBreaker, 0.5);
                options.Resilience.Breaker.MinimumThroughput = 2;
                options.Resilience.Breaker.BreakDuration = TimeSpan.FromSeconds(30);
            });
            peer.Client?.Invoke(client);
        });
        await peer.PrepareAsync(clients);
        return clients;
    }
}
