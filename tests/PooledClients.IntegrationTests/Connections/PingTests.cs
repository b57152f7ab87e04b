using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>Keepalive pings, which are opt-in, against a server that punishes them (gRFC A8).</summary>
public class PingTests : WatchedTest
{
    [Fact]
    public async Task Ping_AnsweredWithEnhanceYourCalm_DoublesTheDelayOfItsAddress()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            if (connection.Number > 1)
            {
                await connection.ServeAsync();
                return;
            }

            var request = await connection.ReceiveAsync();
            connection.OnPing = async () =>
            {
                await connection.SendGoAwayAsync(request.StreamId, ErrorCode.EnhanceYourCalm, "too_many_pings");
                connection.Close();
            };
            await connection.SendHeadersAsync(request.StreamId);
        });
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => options.Connection.KeepAlivePingDelay = TimeSpan.FromSeconds(1));
        using var stream = clients.KeyValue.Exchange();

        await Assert.ThrowsAsync<RpcException>(() => stream.ResponseStream.MoveNext(CancellationToken.None));

        await Eventually.HoldsAsync(() => clients.Transport.PingDelay == TimeSpan.FromSeconds(2), () => $"{clients.Transport.PingDelay}");
        await clients.KeyValue.GetAsync(Calls.AnyGet);
    }

    // Ten minutes, so only on demand: dotnet test tests/PooledClients.IntegrationTests --filter FullyQualifiedName~PingTests -- xUnit.Explicit=on
    [Fact(Explicit = true)]
    public async Task Stream_IdleForTenMinutes_LivesOnAServerThatPunishesPings()
    {
        Log.Allow("Nobody reads the response");
        var over = new TaskCompletionSource();
        await using var server = new RawHttp2Server(async connection =>
        {
            // As gRPC's C core has it: two strikes since the last frame with headers or data, and out. The runtime itself sends one ping
            // after headers, to measure the round trip.
            var strikes = 0;
            connection.OnPing = async () =>
            {
                if (++strikes > 2)
                {
                    await connection.SendGoAwayAsync(0, ErrorCode.EnhanceYourCalm, "too_many_pings");
                    connection.Close();
                }
            };
            await connection.SendSettingsAsync();
            var request = await connection.ReceiveAsync();
            await connection.SendHeadersAsync(request.StreamId);
            await over.Task;
            strikes = 0;
            await connection.SendMessageAsync(request.StreamId);
            await connection.SendTrailersAsync(request.StreamId);
        });
        try
        {
            await using var clients = await ClientHost.StartAsync(Log, server.Address);
            using var stream = clients.KeyValue.Scan(new RocksDb.V1.ScanRequest());
            await stream.ResponseHeadersAsync;

            await Task.Delay(TimeSpan.FromMinutes(10), TestContext.Current.CancellationToken);
            Assert.InRange(Assert.Single(server.Connections).Pings, 0, 1);
            over.SetResult();

            Assert.True(await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
            Assert.False(await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        }
        finally
        {
            over.TrySetResult();
        }
    }
}
