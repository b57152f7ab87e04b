using Grpc.Core;
using RocksDb.V1;
using static PooledClients.Tests.Grpc.MemoryServer;

namespace PooledClients.Tests.Grpc.Retries;

public sealed class RetriedServerStreamTests
{
    private static readonly Pair[] Pairs = [new(), new()];

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Scan_FirstAttemptSucceeds_IsTheCall()
    {
        using var server = new MemoryServer(Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();

        Assert.Equal(2, await CountAsync(call));
        Assert.Equal("0", (await call.ResponseHeadersAsync).GetValue("attempt"));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Scan_FailsBeforeItsHeaders_IsTriedAgain()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable), Fail(StatusCode.Unavailable), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();
        var count = CountAsync(call);
        await fixture.PassPausesAsync(count);

        Assert.Equal(2, await count);
        Assert.Equal("2", (await call.ResponseHeadersAsync).GetValue("attempt"));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    // A response that may bring a message commits the call (gRFC A6), the first attempt's and a later one's.
    [Fact]
    public async Task Scan_FailsAfterItsHeaders_IsNotTriedAgain()
    {
        using var server = new MemoryServer(FailAfter(StatusCode.Unavailable), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();
        var read = call.ResponseStream.MoveNext(Token);
        await fixture.PassPausesAsync(read);

        var failure = await Assert.ThrowsAsync<RpcException>(() => read);
        Assert.Equal("scripted, late", failure.Status.Detail);
        Assert.Equal(failure.Status, call.GetStatus());
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Scan_FailsAfterTheHeadersOfALaterAttempt_IsNotTriedAgain()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"), FailAfter(StatusCode.Unavailable), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();
        var read = call.ResponseStream.MoveNext(Token);
        await fixture.PassPausesAsync(read);

        var failure = await Assert.ThrowsAsync<RpcException>(() => read);
        Assert.Equal("scripted, late (2 attempts)", failure.Status.Detail);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Scan_FailsAfterTheFirstMessage_IsNotTriedAgain()
    {
        using var server = new MemoryServer(FailAfter(StatusCode.Unavailable, Pairs), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();

        Assert.True(await call.ResponseStream.MoveNext(Token));
        Assert.True(await call.ResponseStream.MoveNext(Token));
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));
        Assert.Equal("scripted, late", failure.Status.Detail);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Headers_HandedOut_CommitTheAttempt()
    {
        using var server = new MemoryServer(FailAfter(StatusCode.Unavailable), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();

        Assert.Equal("0", (await call.ResponseHeadersAsync).GetValue("attempt"));
        await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Headers_OfAFailedAttempt_AreNotHandedOut()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"), Fail(StatusCode.Unavailable, pushback: "0"), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();

        Assert.Equal("2", (await call.ResponseHeadersAsync).GetValue("attempt"));
        Assert.Equal(2, await CountAsync(call));
    }

    [Fact]
    public async Task Headers_OfALaterAttempt_ComeBeforeItsFirstMessage()
    {
        var message = new TaskCompletionSource();
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"), OkWhen(message.Task, Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();
        var headers = await call.ResponseHeadersAsync;
        message.SetResult();

        Assert.Equal("1", headers.GetValue("attempt"));
        Assert.Equal(2, await CountAsync(call));
    }

    [Fact]
    public async Task Headers_NoAttemptSucceeds_AreTheLastAttempts()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"));
        using var fixture = new PipelineFixture(server, o => o.Resilience.Retry.MaxAttempts = 3);

        using var call = fixture.Scan();

        Assert.Equal("2", (await call.ResponseHeadersAsync).GetValue("attempt"));
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));
        Assert.Equal("scripted (3 attempts; as many as it may make)", failure.Status.Detail);
        Assert.Equal(failure.Status, call.GetStatus());
        Assert.Equal(failure.Status, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token))).Status);
    }

    [Fact]
    public async Task Dispose_InThePause_EndsTheRead()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "60000"), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        var call = fixture.Scan();
        var read = call.ResponseStream.MoveNext(Token);
        await fixture.PauseAsync(TimeSpan.FromSeconds(60));
        call.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => read)).StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task MoveNext_CancelledInThePause_EndsTheCall()
    {
        using var cancel = new CancellationTokenSource();
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "60000"), Ok(Pairs));
        using var fixture = new PipelineFixture(server);

        using var call = fixture.Scan();
        var read = call.ResponseStream.MoveNext(cancel.Token);
        await fixture.PauseAsync(TimeSpan.FromSeconds(60));
        await cancel.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => read)).StatusCode);
    }

    [Fact]
    public async Task Dispose_InALaterAttempt_CancelsIt()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable, pushback: "0"));
        server.Add(server.Hang);
        using var fixture = new PipelineFixture(server);

        var call = fixture.Scan();
        var read = call.ResponseStream.MoveNext(Token);
        await server.Arrivals.Reader.ReadAsync(Token);
        await server.Arrivals.Reader.ReadAsync(Token);
        call.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => read)).StatusCode);
    }

    private static async Task<int> CountAsync(AsyncServerStreamingCall<Pair> call)
    {
        var count = 0;
        await foreach (var _ in call.ResponseStream.ReadAllAsync(Token))
        {
            count++;
        }

        return count;
    }
}
