using Google.Protobuf;
using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

/// <summary>RST_STREAM: only REFUSED_STREAM before the headers says that nothing was processed.</summary>
public class ResetTests : WatchedTest
{
    public static TheoryData<int> ErrorCodes => [.. Enum.GetValues<ErrorCode>().Select(code => (int)code)];

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public async Task Put_StreamResetBeforeHeaders_IsSentAgainOnlyWhenRefused(int code)
    {
        await using var server = new RawHttp2Server(connection => ResetFirstAsync(connection, (ErrorCode)code, afterHeaders: false));
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Record.ExceptionAsync(() => clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync);

        var refused = (ErrorCode)code == ErrorCode.RefusedStream;
        Assert.Equal(refused, failure is null);
        Assert.Equal(refused ? 2 : 1, server.Requests.Count);
        Assert.True(failure is null or RpcException, $"{failure}");
    }

    [Theory]
    [MemberData(nameof(ErrorCodes))]
    public async Task Put_StreamResetAfterHeaders_IsNeverSentAgain(int code)
    {
        await using var server = new RawHttp2Server(connection => ResetFirstAsync(connection, (ErrorCode)code, afterHeaders: true));
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Single(server.Requests);
    }

    [Theory]
    [InlineData(false, 2)]
    [InlineData(true, 1)]
    public async Task Get_StreamReset_IsTriedAgainUntilItsHeadersHaveCome(bool afterHeaders, int requests)
    {
        await using var server = new RawHttp2Server(connection => ResetFirstAsync(connection, ErrorCode.InternalError, afterHeaders));
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Record.ExceptionAsync(() => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync);

        Assert.Equal(afterHeaders, failure is RpcException);
        Assert.Equal(requests, server.Requests.Count);
    }

    [Fact]
    public async Task Get_RefusedBeforeItsMessageIsThere_SendsTheWholeMessageAgain()
    {
        const int WindowLength = 1 << 20;
        var request = new GetRequest { Key = ByteString.CopyFrom(new byte[200_000]) };
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.SendWindowUpdateAsync(0, WindowLength);

            // The rest of the message waits for the stream's window when the answer comes, and the stream's end after it.
            var first = await connection.ReceiveAsync();
            await connection.SendRefusalAsync(first.StreamId, "14");
            await connection.SendResetAsync(first.StreamId, ErrorCode.NoError);
            var second = await connection.ReceiveAsync();
            await connection.SendWindowUpdateAsync(second.StreamId, WindowLength);
            await second.Complete;
            await connection.AnswerAsync(second.StreamId);
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.GetAsync(request);

        var requests = server.Requests.ToArray();
        Assert.Equal(2, requests.Length);
        Assert.True(requests[0].Bytes < requests[1].Bytes);
        Assert.Equal(request.CalculateSize() + 5, requests[1].Bytes);
    }

    [Fact]
    public async Task Get_RefusedAndItsStreamLeftOpen_IsNotSentAgain()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.SendRefusalAsync((await connection.ReceiveAsync()).StreamId, "14");
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(new GetRequest { Key = ByteString.CopyFrom(new byte[200_000]) }));

        Assert.Equal((StatusCode.Unavailable, " (1 attempt; its message is still being sent)"), (failure.StatusCode, failure.Status.Detail));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_RefusedMoreOftenThanTheRuntimeTries_IsServed()
    {
        // The runtime sends the first four, then come the two of ours.
        const int Refusals = 5;
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            for (var i = 0; i < Refusals; i++)
            {
                await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
            }

            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(Refusals + 1, server.Requests.Count);
    }

    [Fact]
    public async Task Put_AlwaysRefused_FailsAfterABoundedNumberOfTimes()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            while (true)
            {
                await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Deadline = Timeout.InfiniteTimeSpan);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.InRange(server.Requests.Count, 4, 100);
    }

    [Fact]
    public async Task Load_RefusedAfterItsContentWasAskedFor_EndsUnavailableForTheWriterToo()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            var request = await connection.ReceiveAsync();
            await Eventually.HoldsAsync(() => request.Bytes > 0);
            await connection.SendResetAsync(request.StreamId, ErrorCode.RefusedStream);
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        using var call = clients.KeyValue.Load();

        var writing = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (true)
            {
                await call.RequestStream.WriteAsync(Calls.AnyPut);
            }
        });
        var ending = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal((StatusCode.Unavailable, StatusCode.Unavailable), (writing.StatusCode, ending.StatusCode));
    }

    private static async Task ResetFirstAsync(RawHttp2Connection connection, ErrorCode code, bool afterHeaders)
    {
        await connection.SendSettingsAsync();
        if (connection.Number == 1)
        {
            var request = await connection.ReceiveCompleteAsync();
            if (afterHeaders)
            {
                await connection.SendHeadersAsync(request.StreamId);
            }

            await connection.SendResetAsync(request.StreamId, code);
        }

        await connection.ServeAsync();
    }
}
