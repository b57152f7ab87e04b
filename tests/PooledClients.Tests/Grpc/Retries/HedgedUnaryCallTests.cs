using System.Runtime.CompilerServices;
using Grpc.Core;
using PooledClients.Grpc.Sending;
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
        await HedgeAsync(fixture, server);
        answer.SetResult();
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal((StatusCode.NotFound, StatusCode.NotFound), (failure.StatusCode, call.GetStatus().StatusCode));
        Assert.NotNull(call.GetTrailers());
    }

    // What says nothing about the call leaves it to the attempts that are out.
    public static TheoryData<string> NotOfTheCall => ["pushback", "no pushback", "own fault"];

    [Theory]
    [MemberData(nameof(NotOfTheCall))]
    public async Task Get_SecondFailsByWhatIsNotTheCalls_TheFirstGoesOnAlone(string fault)
    {
        using var server = new MemoryServer();
        var answer = new TaskCompletionSource();
        server.Add(When(answer.Task, Ok(Found)));
        server.Add(FailBy(fault));
        using var fixture = Create(server, static options => options.Resilience.Hedging.MaxAttempts = 4);

        using var call = fixture.Get();
        await HedgeAsync(fixture, server);
        answer.SetResult();

        Assert.True((await call).Found);
        Assert.Equal(2, server.Requests.Count);
    }

    [Theory]
    [MemberData(nameof(NotOfTheCall))]
    public async Task Get_AllFail_SaysWhatTheFirstSaid(string fault)
    {
        using var server = new MemoryServer();
        var answer = new TaskCompletionSource();
        server.Add(When(answer.Task, Fail(StatusCode.Unavailable, "the first")));
        server.Add(FailBy(fault));
        using var fixture = Create(server, static options => options.Resilience.Hedging.MaxAttempts = 4);

        using var call = fixture.Get();
        await HedgeAsync(fixture, server);
        answer.SetResult();
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);

        Assert.Equal(("the first", "the first"), (failure.Status.Detail, call.GetStatus().Detail));
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Get_BudgetRefusesTheSecond_IsNotAskedAgain()
    {
        using var server = new MemoryServer();
        var answer = new TaskCompletionSource();
        server.Add(When(answer.Task, Ok(Found)));
        using var fixture = Create(server, static options => options.Resilience.RetryBudget.PerSecond = 0);

        using var call = fixture.Get();
        await fixture.PauseAsync(Delay);
        fixture.Time.Advance(Delay);
        answer.SetResult();

        Assert.True((await call).Found);
        Assert.False(fixture.HasPaused(Delay));
    }

    // As the same call without hedges: told at once.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Get_CannotBeMade_ThrowsWhatForbidsIt(bool isHedged)
    {
        using var server = new MemoryServer(Ok(Found));
        var cause = new InvalidOperationException("No call today.");
        using var fixture = new PipelineFixture(
            server, options => options.Resilience.Hedging.Delay = isHedged ? Delay : null, new FailingInvoker(new PreparedInvoker<GetResponse>(2, Found), from: 1, cause));

        Assert.Same(cause, Record.Exception(() => fixture.Get()));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Get_DeadlineIsLocalTime_ThrowsWhatTheChannelThrows(bool isHedged)
    {
        using var server = new MemoryServer(Ok(Found));
        using var fixture = new PipelineFixture(server, options => options.Resilience.Hedging.Delay = isHedged ? Delay : null);

        var failure = Record.Exception(() => fixture.Client.GetAsync(new GetRequest(), deadline: DateTime.Now.AddSeconds(5), cancellationToken: TestContext.Current.CancellationToken));

        Assert.Contains("DateTimeKind.Utc", Assert.IsType<InvalidOperationException>(failure).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_SecondCannotBeMade_TheFirstGoesOnAlone()
    {
        using var server = new MemoryServer();
        var channel = new PreparedInvoker<GetResponse>(2, Found);
        var failing = new FailingInvoker(channel, from: 2, new ObjectDisposedException("container"));
        using var fixture = new PipelineFixture(server, static options => options.Resilience.Hedging.Delay = Delay, failing);

        using var call = fixture.Get();
        await fixture.PauseAsync(Delay);
        fixture.Time.Advance(Delay);
        await failing.Failed.WaitAsync(TestContext.Current.CancellationToken);
        channel.Answer();

        Assert.True((await call).Found);
        Assert.Equal(StatusCode.OK, call.GetStatus().StatusCode);
    }

    // A call that is disposed is one that nobody wants to hear of, as on the channel.
    [Fact]
    public async Task Dispose_OfACallThatHasFailed_LeavesNothingUnobserved()
    {
        const string Detail = "a hedged call that nobody looks at";
        using var server = new MemoryServer(Fail(StatusCode.NotFound, Detail));
        using var fixture = Create(server);
        var seen = 0;
        EventHandler<UnobservedTaskExceptionEventArgs> count = (_, unobserved) => seen += unobserved.Exception.InnerException is RpcException failure && failure.Status.Detail == Detail ? 1 : 0;
        TaskScheduler.UnobservedTaskException += count;
        try
        {
            await FailAsync(fixture);
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }
        finally
        {
            TaskScheduler.UnobservedTaskException -= count;
        }

        Assert.Equal(0, seen);
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

    [MethodImpl(MethodImplOptions.NoInlining)]
    // The first attempt is out for so long that a second one is made; both have come to the server.
    private static async Task HedgeAsync(PipelineFixture fixture, MemoryServer server)
    {
        await fixture.PauseAsync(Delay);
        fixture.Time.Advance(Delay);
        await server.Arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);
        await server.Arrivals.Reader.ReadAsync(TestContext.Current.CancellationToken);
    }

    private static async Task FailAsync(PipelineFixture fixture)
    {
        var call = fixture.Get();
        await Task.WhenAny(call.ResponseAsync);
        call.Dispose();
    }

    private static Answer FailBy(string fault) => fault switch
    {
        "pushback" => Fail(StatusCode.Unavailable, "the second", pushback: "100"),
        "no pushback" => Fail(StatusCode.Unavailable, "the second", pushback: "-1"),
        _ => Throw(CallErrors.BreakerOpen(new BreakerOpenException("http://memory", "for a while", TimeSpan.FromSeconds(1)))),
    };

    private static PipelineFixture Create(MemoryServer server, Action<PooledGrpcClientOptions>? configure = null) => new(
        server,
        options =>
        {
            options.Resilience.Hedging.Delay = Delay;
            configure?.Invoke(options);
        });
}
