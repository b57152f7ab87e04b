using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>How a connection has ended, in the words of gRFC A94.</summary>
public sealed class DisconnectReasonTests : MeasuredTest
{
    [Fact]
    public Task Connection_ThatKeepaliveGivesUp_HasTimedOut() => AssertAsync(
        static connection => connection.AnswersPings = false,
        "connection timed out",
        static options => (options.Connection.KeepAlivePingDelay, options.Connection.KeepAlivePingTimeout) = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(1)));

    [Fact]
    public Task Connection_ThatItsServerCuts_WasReset() => AssertAsync(static connection => connection.Cut(), "connection reset");

    [Fact]
    public Task Connection_ThatItsServerClosesWithoutAWord_HasEndedForReasonsUnknown() => AssertAsync(static connection => connection.HalfClose(), "unknown");

    private async Task AssertAsync(Action<RawHttp2Connection> end, string reason, Action<PooledGrpcClientOptions>? configure = null)
    {
        var read = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveAsync();
                await connection.SendHeadersAsync(request.StreamId);
                await connection.SendMessageAsync(request.StreamId);
                await read.Task;
                end(connection);
                await connection.Ended;
            },
            tls: false);
        await using var host = await StartAsync(server.Address, configure);
        using var exchange = host.KeyValue.Exchange(cancellationToken: Token);
        Assert.True(await exchange.ResponseStream.MoveNext(Token));
        read.SetResult();

        await Assert.ThrowsAsync<RpcException>(() => exchange.ResponseStream.MoveNext(Token));

        var target = $"grpc.target={server.Address.GetLeftPart(UriPartial.Authority)}";
        await Seen.WaitForAsync("grpc.subchannel.disconnections", target, $"grpc.disconnect_error={reason}");
        Assert.Single(Mine("grpc.subchannel.disconnections", target));
    }
}
