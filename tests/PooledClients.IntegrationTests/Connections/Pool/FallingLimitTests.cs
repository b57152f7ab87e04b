using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>A server lowers its limit of streams below what is open already, which it may (RFC 9113, section 6.5.2), and raises it again.</summary>
public sealed class FallingLimitTests : WatchedTest
{
    private const int Held = 20;

    [Fact]
    public async Task Limit_FallsBelowTheHeldStreamsAndRises_CountsAsTheServerCountsAndHangsNothing()
    {
        var first = new TaskCompletionSource<RawHttp2Connection>();
        await using var server = new RawHttp2Server(async connection =>
        {
            first.TrySetResult(connection);
            await connection.SendSettingsAsync(maxStreams: 100);
            while (true)
            {
                _ = AnswerAsync(connection, await connection.ReceiveAsync());
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        var held = Enumerable.Range(0, Held).Select(_ => clients.KeyValue.Exchange()).ToList();
        var pool = clients.Transport.Endpoint!;
        await CountsAsync();
        var holding = Assert.Single(pool.Connections.Current);

        foreach (var limit in (int[])[10, 0, Held, 1, 25])
        {
            await (await first.Task).SendSettingsAsync(limit);
            await Eventually.EqualAsync(limit, () => holding.Limit);
            var before = server.Requests.Count(static request => request.Connection == 1);

            await clients.KeyValue.GetManyAsync(50);

            await CountsAsync();
            if (limit <= Held)
            {
                Assert.Equal(before, server.Requests.Count(static request => request.Connection == 1));
            }
        }

        // One by one they go, under a limit that they are over until the last few.
        await (await first.Task).SendSettingsAsync(5);
        await Eventually.EqualAsync(5, () => holding.Limit);
        for (; held.Count > 0; held.RemoveAt(0))
        {
            held[0].Dispose();
            await clients.KeyValue.GetManyAsync(5);
        }

        await CountsAsync();
        Assert.Equal(0, pool.Waiting);
        Assert.Equal(2, server.Connections.Count);

        Task CountsAsync() => Eventually.HoldsAsync(
            () => pool.Connections.InFlight == held.Count && Open() == held.Count,
            () => $"We count {pool.Connections.InFlight}, the server {Open()}, {held.Count} are held.");

        int Open() => server.Requests.Count(static request => IsHeld(request) && !request.IsReset);
    }

    private static bool IsHeld(RawRequest request) => request.Path.EndsWith("/Exchange", StringComparison.Ordinal);

    private static async Task AnswerAsync(RawHttp2Connection connection, RawRequest request)
    {
        if (!IsHeld(request))
        {
            await request.Complete;
            await connection.AnswerQuietlyAsync(request.StreamId);
        }
    }
}
