using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A stream whose connection is lost after its headers says what a call says that has lost it before.</summary>
public sealed class LostStreamTests
{
    // A plain channel says Internal for the GOAWAY's code.
    [Theory]
    [InlineData(nameof(ErrorCode.NoError))]
    [InlineData(nameof(ErrorCode.InternalError))]
    [InlineData(nameof(ErrorCode.EnhanceYourCalm))]
    public async Task Scan_ServerGoesAwayAmidTheResponse_IsUnavailable(string code)
    {
        var read = new TaskCompletionSource();
        await using var server = GoesAway(Enum.Parse<ErrorCode>(code), read.Task);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        using var call = clients.KeyValue.Scan(new ScanRequest());
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        read.SetResult();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("ended before the response", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal(StatusCode.Unavailable, call.GetStatus().StatusCode);
    }

    [Fact]
    public async Task Load_ServerGoesAwayAmidTheResponse_IsUnavailable()
    {
        await using var server = GoesAway(ErrorCode.InternalError, Task.CompletedTask);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        using var call = clients.KeyValue.Load();
        await call.RequestStream.CompleteAsync();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
    }

    // A unary call's message is read by the channel itself. A plain one says Internal for the GOAWAY's code, whatever it is.
    [Theory]
    [InlineData(nameof(ErrorCode.NoError), true)]
    [InlineData(nameof(ErrorCode.InternalError), true)]
    [InlineData(nameof(ErrorCode.EnhanceYourCalm), true)]
    [InlineData(nameof(ErrorCode.Http11Required), true)]
    [InlineData(nameof(ErrorCode.InternalError), false)]
    public async Task Put_ServerGoesAwayAmidTheResponse_IsUnavailable(string code, bool hasBegunTheMessage)
    {
        var answered = new TaskCompletionSource();
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendHeadersAsync(request.StreamId);
                if (hasBegunTheMessage)
                {
                    await connection.SendFrameAsync(FrameType.Data, FrameFlags.None, request.StreamId, [0, 0]);
                }

                await answered.Task;
                await connection.SendGoAwayAsync(int.MaxValue, Enum.Parse<ErrorCode>(code));
                connection.HalfClose();
            },
            tls: false);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        using var call = clients.KeyValue.PutAsync(Calls.AnyPut);
        await call.ResponseHeadersAsync;
        answered.SetResult();

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal(StatusCode.Unavailable, call.GetStatus().StatusCode);
    }

    // What the server says of the one stream is its word.
    [Fact]
    public async Task Scan_ServerResetsItAmidTheResponse_HasTheStatusOfTheCode()
    {
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendHeadersAsync(request.StreamId);
                await connection.SendResetAsync(request.StreamId, ErrorCode.EnhanceYourCalm);
                await connection.Ended;
            },
            tls: false);
        await using var clients = await ClientHost.StartAsync(log: null, server.Address);
        using var call = clients.KeyValue.Scan(new ScanRequest());

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));

        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
    }

    private static RawHttp2Server GoesAway(ErrorCode code, Task read) => new(
        async connection =>
        {
            await connection.SendSettingsAsync();
            var request = await connection.ReceiveCompleteAsync();
            await connection.SendHeadersAsync(request.StreamId);
            await connection.SendMessageAsync(request.StreamId);
            await read;
            await connection.SendGoAwayAsync(int.MaxValue, code);
            connection.HalfClose();
        },
        tls: false);
}
