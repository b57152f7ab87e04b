using Grpc.Core;
using PooledClients.TestBed.Http2;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>A stream that breaks after it has begun is told as what its caller sees.</summary>
public sealed class BrokenStreamTests : MeasuredTest
{
    [Theory]
    [InlineData("Scan", false, false, StatusCode.Unavailable, "UNAVAILABLE")]
    [InlineData("Scan", true, false, StatusCode.Unavailable, "UNAVAILABLE")]
    [InlineData("Scan", true, true, StatusCode.ResourceExhausted, "RESOURCE_EXHAUSTED")]
    [InlineData("Exchange", false, false, StatusCode.Unavailable, "UNAVAILABLE")]
    [InlineData("Exchange", false, true, StatusCode.ResourceExhausted, "RESOURCE_EXHAUSTED")]
    public async Task Stream_ThatBreaks_IsACallAndAnAttemptOfItsStatus(string method, bool isRetried, bool isReset, StatusCode status, string told)
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
                if (isReset)
                {
                    await connection.SendResetAsync(request.StreamId, ErrorCode.EnhanceYourCalm);
                    await connection.Ended;
                }
                else
                {
                    await connection.SendGoAwayAsync(int.MaxValue, ErrorCode.InternalError);
                    connection.HalfClose();
                }
            },
            tls: false);
        await using var host = await StartAsync(server.Address, options => options.Resilience.Retry.Enabled = isRetried);

        RpcException failure;
        if (method == "Scan")
        {
            using var scan = host.KeyValue.Scan(new ScanRequest(), cancellationToken: Token);
            failure = await BreakAsync(scan.ResponseStream.MoveNext);
        }
        else
        {
            using var exchange = host.KeyValue.Exchange(cancellationToken: Token);
            failure = await BreakAsync(exchange.ResponseStream.MoveNext);
        }

        Assert.Equal(status, failure.StatusCode);
        string[] ofStream = [$"grpc.method=rocksdb.v1.KeyValue/{method}", $"grpc.target={server.Address.GetLeftPart(UriPartial.Authority)}", $"grpc.status={told}"];
        foreach (var instrument in (string[])["grpc.client.call.duration", "grpc.client.attempt.duration", "grpc.client.attempt.rcvd_total_compressed_message_size"])
        {
            Assert.Equal(1, (await Seen.WaitForAsync(instrument, ofStream)).Value);
            Assert.DoesNotContain(Mine(instrument, ofStream[1]), static point => point.Has("grpc.status=CANCELLED"));
        }

        async Task<RpcException> BreakAsync(Func<CancellationToken, Task<bool>> next)
        {
            Assert.True(await next(Token));
            read.SetResult();
            return await Assert.ThrowsAsync<RpcException>(() => next(Token));
        }
    }
}
