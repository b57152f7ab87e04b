using System.Globalization;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>Streams that are answered at once, and held: each takes one place, also while its answer is being handed over.</summary>
public sealed class AnsweredStreamTests : WatchedTest
{
    private const int Limit = 100;

    // POOLEDCLIENTS_ROUNDS=300 is the full version.
    private static readonly int Rounds =
        int.Parse(Environment.GetEnvironmentVariable("POOLEDCLIENTS_ROUNDS") ?? "100", CultureInfo.InvariantCulture);

    [Fact]
    public async Task Streams_WithAnInterimAnswer_TakeOnePlaceEach()
    {
        const int Few = 10;
        var interim = Hpack.Encode([(":status", "103")]);
        var real = Hpack.Encode([(":status", "200"), ("content-type", "application/grpc")]);
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(Few);
            for (var number = 0; ; number++)
            {
                var request = await connection.ReceiveAsync();
                if (request.Path.EndsWith("/Put", StringComparison.Ordinal))
                {
                    await request.Complete;
                    await connection.AnswerAsync(request.StreamId);
                }
                else
                {
                    // Of the first half the real answer never comes.
                    await connection.SendAsync(FrameType.Headers, FrameFlags.EndHeaders, request.StreamId, number < Few / 2 ? interim : real);
                }
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        var client = clients.KeyValue;
        var held = Enumerable.Range(0, Few / 2).Select(_ => client.Exchange()).ToList();
        await Eventually.EqualAsync(Few / 2, () => server.Requests.Count);

        // Answered after the interim answers, which have been seen by then.
        await client.PutAsync(Calls.AnyPut);
        Assert.Single(server.Connections);
        held.AddRange(Enumerable.Range(0, Few / 2).Select(_ => client.Exchange()));
        await Task.WhenAll(held.Skip(Few / 2).Select(static call => call.ResponseHeadersAsync));

        await Eventually.EqualAsync(0, () => clients.Transport.Endpoint!.Dialing);
        Assert.Single(server.Connections);
        held.ForEach(static call => call.Dispose());
    }

    [Fact]
    public async Task Streams_AsManyAsTheLimitAgainAndAgain_NeverTakeASecondConnection()
    {
        await using var server = new RawHttp2Server(static async connection =>
        {
            await connection.SendSettingsAsync(Limit);
            await AnswerAllAsync(connection);
        });
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        var client = clients.KeyValue;
        var pool = clients.Transport.Endpoint!;
        for (var round = 0; round < Rounds; round++)
        {
            var held = await Task.WhenAll(Enumerable.Range(0, Limit).Select(_ => Task.Run(async () =>
            {
                var call = client.Exchange();
                await call.ResponseHeadersAsync;
                return call;
            })));

            await Eventually.EqualAsync(0, () => pool.Dialing);
            Assert.Equal((round, 1), (round, server.Connections.Count));
            Array.ForEach(held, static call => call.Dispose());
            await Eventually.EqualAsync(0, () => pool.Connections.InFlight);
        }
    }

    private static async Task AnswerAllAsync(RawHttp2Connection connection)
    {
        while (true)
        {
            await connection.SendHeadersAsync((await connection.ReceiveAsync()).StreamId);
        }
    }
}
