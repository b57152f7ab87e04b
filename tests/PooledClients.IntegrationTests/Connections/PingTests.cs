using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Http2;
using PooledClients.IntegrationTests.Logs;
using PooledClients.IntegrationTests.Waiting;

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
}
