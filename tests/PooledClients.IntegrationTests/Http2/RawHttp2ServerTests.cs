using Grpc.Core;
using Grpc.Net.Client;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Http2;

/// <summary>That the raw server says what it is told to, as .NET's client hears it.</summary>
public class RawHttp2ServerTests
{
    [Fact]
    public async Task Serve_UnaryCalls_AreAnswered()
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync(maxStreams: 10);
                await connection.ServeAsync();
            },
            tls: false);
        using var channel = GrpcChannel.ForAddress(server.Address);
        var client = new KeyValue.KeyValueClient(channel);

        for (var i = 0; i < 20; i++)
        {
            await client.GetAsync(new GetRequest { Database = "db" }, deadline: DateTime.UtcNow.AddMinutes(1));
        }

        Assert.Equal(20, server.Requests.Count);
        Assert.All(server.Requests, request => Assert.Equal(("/rocksdb.v1.KeyValue/Get", true), (request.Path, request.Headers.ContainsKey("grpc-timeout"))));
        Assert.Single(server.Connections);
    }

    [Fact]
    public async Task Reset_WithCancel_EndsTheCall()
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendResetAsync(request.StreamId, ErrorCode.Cancel);
            },
            tls: false);
        using var channel = GrpcChannel.ForAddress(server.Address);

        var call = new KeyValue.KeyValueClient(channel).GetAsync(new GetRequest()).ResponseAsync;

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
    }

    [Fact]
    public async Task GoAway_BelowTheStream_IsSentAgainElsewhere()
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                if (connection.Number == 1)
                {
                    await connection.ReceiveCompleteAsync();
                    await connection.SendGoAwayAsync(lastStreamId: 0, ErrorCode.NoError);
                }

                await connection.ServeAsync();
            },
            tls: false);
        using var channel = GrpcChannel.ForAddress(server.Address);

        await new KeyValue.KeyValueClient(channel).GetAsync(new GetRequest());

        Assert.Equal(2, server.Requests.Count);
        await Eventually.EqualAsync(2, () => server.Connections.Count);
    }
}
