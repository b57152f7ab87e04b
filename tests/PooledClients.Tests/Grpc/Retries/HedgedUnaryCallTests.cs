using Grpc.Core;
using RocksDb.V1;
using static PooledClients.Tests.Grpc.MemoryServer;

namespace PooledClients.Tests.Grpc.Retries;

public sealed class HedgedUnaryCallTests
{
    private static readonly GetResponse Found = new() { Found = true };
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(70);

    [Fact]
    public async Task Get_FirstAnswersInTime_IsAlone()
    {
        using var server = new MemoryServer(Ok(Found));
        using var fixture = Create(server);

        using var call = fixture.Get();

        Assert.True((await call).Found);
        Assert.Equal("0", (await call.ResponseHeadersAsync).GetValue("attempt"));
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Get_FirstIsLate_TheSecondWinsAndTheFirstIsCancelled()
    {
        using var server = new MemoryServer();
        server.Add(server.Hang);
        server.Add(Ok(Found));
        using var fixture = Create(server);

        using var call = fixture.Get();
        await fixture.PauseAsync(Delay);
        fixture.Time.Advance(Delay);

        Assert.True((await call).Found);
        Assert.Equal("1", (await call.ResponseHeadersAsync).GetValue("attempt"));
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
        await server.HangCancelled.WaitAsync(TestContext.Current.CancellationToken);
    }

    // The second attempt ends the call for good while the first still waits, and is cancelled for it.
    [Fact]
    public async Task Get_SecondFailsForGoodWhileTheFirstWaits_SaysWhatTheSecondSaid()
    {
        using var server = new MemoryServer();
        server.Add(server.Hang);
        server.Add(Fail(StatusCode.NotFound));
        using var fixture = Create(server);

        using var call = fixture.Get();
        await fixture.PauseAsync(Delay);
        fixture.Time.Advance(Delay);
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal((StatusCode.NotFound, StatusCode.NotFound), (failure.StatusCode, call.GetStatus().StatusCode));
        Assert.NotNull(call.GetTrailers());
    }

    [Fact]
    public async Task Get_FirstFailsForGoodAfterTheSecondBegan_SaysWhatTheFirstSaid()
    {
        using var server = new MemoryServer();
        var answer = new TaskCompletionSource();
        server.Add(When(answer.Task, Fail(StatusCode.NotFound)));
        server.Add(server.Hang);
        using var fixture = Create(server);

        using var call = fixture.Get();
        await fixture.PauseAsync(Delay);
        fixture.Time.Advance(Delay);
        await server.Arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);
        await server.Arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);
        answer.SetResult();
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal((StatusCode.NotFound, StatusCode.NotFound), (failure.StatusCode, call.GetStatus().StatusCode));
        Assert.NotNull(call.GetTrailers());
    }

    [Fact]
    public async Task Get_FirstUnavailable_TheSecondGoesAtOnce()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable), Ok(Found));
        using var fixture = Create(server);

        Assert.True((await fixture.Get()).Found);
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Get_FirstFailsForGood_IsTheEnd()
    {
        using var server = new MemoryServer(Fail(StatusCode.NotFound), Ok(Found));
        using var fixture = Create(server);

        var failure = await Assert.ThrowsAsync<RpcException>(() => fixture.Get().ResponseAsync);

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Get_BudgetSpent_StaysAlone()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable), Ok(Found));
        using var fixture = Create(server, o => o.Resilience.RetryBudget.PerSecond = 0);

        await Assert.ThrowsAsync<RpcException>(() => fixture.Get().ResponseAsync);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Put_NotIdempotent_IsNotHedged()
    {
        using var server = new MemoryServer(Fail(StatusCode.Unavailable), Ok(new PutResponse()));
        using var fixture = Create(server);

        await Assert.ThrowsAsync<RpcException>(() => fixture.Put().ResponseAsync);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Dispose_CancelsEveryAttempt()
    {
        using var server = new MemoryServer();
        server.Add(server.Hang);
        using var fixture = Create(server);

        var call = fixture.Get();
        call.Dispose();

        Assert.Equal(StatusCode.Cancelled, (await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync)).StatusCode);
    }

    private static PipelineFixture Create(MemoryServer server, Action<PooledGrpcClientOptions>? configure = null) => new(
        server,
        options =>
        {
            options.Resilience.Hedging.Delay = Delay;
            configure?.Invoke(options);
        });
}
