using Microsoft.Extensions.Logging.Testing;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Resilience;

namespace PooledClients.Tests.Resilience;

public sealed class AddressBreakerTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly FakeLogger _logger = new();
    private readonly AddressBreaker _breaker;

    public AddressBreakerTests()
    {
        _breaker = new AddressBreaker(
            "http://a", new BreakerSettings(0.8, 20, TimeSpan.FromSeconds(5), TimeSpan.FromMilliseconds(500)), _time, null, _logger);
    }

    [Theory]
    [InlineData(0, 19, 0, true)]
    [InlineData(0, 20, 0, false)]
    [InlineData(4, 16, 0, false)]
    [InlineData(5, 16, 0, true)]
    [InlineData(100, 100, 0, true)]
    [InlineData(0, 0, 1000, true)]
    [InlineData(0, 19, 1000, true)]
    public void Report_Outcomes_OpensAtTheRatioOfEnoughRequests(int answered, int failed, int ignored, bool closed)
    {
        Report(RequestOutcome.Ignored, ignored);
        Report(RequestOutcome.Answered, answered);
        Report(RequestOutcome.Failed, failed);

        Assert.Equal(closed, _breaker.IsClosed);
    }

    [Fact]
    public void Report_FailuresOfLongAgo_DoNotCount()
    {
        Report(RequestOutcome.Failed, 19);
        _time.Advance(TimeSpan.FromSeconds(6));
        Report(RequestOutcome.Failed, 1);

        Assert.True(_breaker.IsClosed);
    }

    [Fact]
    public async Task Turn_ProbeEnds_EndsAndTheNextBegins()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        var turn = _breaker.Turn;
        var answer = new TaskCompletionSource<string>();
        var probe = _breaker.ProbeAsync(() => answer.Task, static _ => RequestOutcome.Ignored, static _ => RequestOutcome.Ignored);
        Assert.False(turn.IsCompleted);

        answer.SetResult("");
        await probe;

        await turn;
        Assert.False(_breaker.Turn.IsCompleted);
    }

    // A server that accepts and hangs, or a stream whose headers come with its first message: nobody can tell, so nothing is proven.
    [Fact]
    public async Task Probe_ThatDoesNotEnd_LetsTheNextOneProbeAndProvesNothing()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        var answer = new TaskCompletionSource<string>();
        var probe = _breaker.ProbeAsync(() => answer.Task, static _ => RequestOutcome.Answered, static _ => RequestOutcome.Failed);
        await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));

        for (var i = 0; i < 3; i++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            _ = ProbeAsync(new TaskCompletionSource<object>().Task);

            Assert.False(_breaker.IsClosed);
            await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));
        }

        answer.SetResult("late");
        Assert.Equal("late", await probe);
        Assert.True(_breaker.IsClosed);
    }

    [Fact]
    public async Task Probe_OfAnEarlierOpening_SaysNothingAboutThisOne()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        var late = new TaskCompletionSource<object>();
        var probe = ProbeAsync(late.Task);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await ProbeAsync(RequestOutcome.Answered);
        Assert.True(_breaker.IsClosed);
        Report(RequestOutcome.Failed, 20);

        late.SetResult(new object());
        await probe;

        Assert.False(_breaker.IsClosed);
        await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));
    }

    // It is sent like any other, and what it comes to is no probe's when the breaker opens meanwhile.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Probe_BreakerFoundClosed_IsNone(bool isAnswered)
    {
        var late = new TaskCompletionSource<object>();
        var request = _breaker.ProbeAsync(() => late.Task, _ => isAnswered ? RequestOutcome.Answered : RequestOutcome.Ignored, static _ => RequestOutcome.Failed);
        Report(RequestOutcome.Failed, 20);

        late.SetResult(new object());
        await request;

        Assert.False(_breaker.IsClosed);
        var refused = await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));
        Assert.Equal(TimeSpan.FromMilliseconds(500), refused.RetryAfter);
    }

    [Fact]
    public async Task Probe_WhileOpen_FailsAtOnceAndSaysUntilWhen()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(100));

        var failure = await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));

        Assert.Contains("The breaker of http://a is open until 00:00:00.500 UTC (in 0.4 s)", failure.Message, StringComparison.Ordinal);
        Assert.Equal(TimeSpan.FromSeconds(0.4), failure.RetryAfter);
        Assert.Equal(FailureKind.BreakerOpen, FailureClassifier.Classify(failure).Kind);
    }

    [Fact]
    public async Task Probe_Answered_ClosesTheBreaker()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));

        await ProbeAsync(RequestOutcome.Answered);

        Assert.True(_breaker.IsClosed);
        Assert.Contains("closed again", _logger.LatestRecord.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Probe_Failed_OpensTheBreakerAgain(bool throws)
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));

        if (throws)
        {
            await Assert.ThrowsAsync<IOException>(() => ProbeAsync(new IOException()));
        }
        else
        {
            await ProbeAsync(RequestOutcome.Failed);
        }

        Assert.False(_breaker.IsClosed);
        await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));
    }

    // Cancelled, out of its deadline, or a fault of this process: it says nothing about the server, and nobody has to wait for another break.
    [Fact]
    public async Task Probe_ThatCameToNothing_LetsTheNextRequestProbeAtOnce()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));

        for (var i = 0; i < 3; i++)
        {
            await Assert.ThrowsAsync<OperationCanceledException>(() => ProbeAsync(new OperationCanceledException()));
            Assert.False(_breaker.IsClosed);
        }

        await ProbeAsync(RequestOutcome.Answered);
        Assert.True(_breaker.IsClosed);
    }

    [Fact]
    public async Task Probe_ThatCameToNothingAndThenFailed_OpensTheBreakerForAWholeBreak()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await Assert.ThrowsAsync<OperationCanceledException>(() => ProbeAsync(new OperationCanceledException()));

        await ProbeAsync(RequestOutcome.Failed);

        var refused = await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));
        Assert.Equal(TimeSpan.FromMilliseconds(500), refused.RetryAfter);
    }

    [Fact]
    public async Task Probe_Answered_ForgetsTheFailuresBefore()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        await ProbeAsync(RequestOutcome.Answered);

        Report(RequestOutcome.Failed, 19);

        Assert.True(_breaker.IsClosed);
    }

    [Fact]
    public async Task Probe_OneIsOnItsWay_RefusesTheOthers()
    {
        Report(RequestOutcome.Failed, 20);
        _time.Advance(TimeSpan.FromMilliseconds(500));
        var answer = new TaskCompletionSource<object>();

        var probe = _breaker.ProbeAsync(() => answer.Task, static _ => RequestOutcome.Answered, static _ => RequestOutcome.Failed);
        await Assert.ThrowsAsync<BreakerOpenException>(() => ProbeAsync(RequestOutcome.Answered));
        answer.SetResult(new object());
        await probe;

        Assert.True(_breaker.IsClosed);
    }

    [Fact]
    public void Report_WhileClosed_AllocatesNothing()
    {
        Report(RequestOutcome.Answered, 1000);
        var before = GC.GetAllocatedBytesForCurrentThread();
        Report(RequestOutcome.Answered, 1000);

        Assert.Equal(0, (GC.GetAllocatedBytesForCurrentThread() - before) / 1000);
    }

    private void Report(RequestOutcome outcome, int times)
    {
        for (var i = 0; i < times; i++)
        {
            _breaker.Report(outcome);
        }
    }

    private Task<object> ProbeAsync(RequestOutcome outcome) =>
        _breaker.ProbeAsync(() => Task.FromResult(new object()), _ => outcome, static _ => RequestOutcome.Failed);

    private Task<object> ProbeAsync(Task<object> answer) => _breaker.ProbeAsync(() => answer, static _ => RequestOutcome.Answered, static _ => RequestOutcome.Failed);

    private Task<object> ProbeAsync(Exception failure) => _breaker.ProbeAsync<object>(
        () => throw failure, static _ => RequestOutcome.Answered, static e => e is OperationCanceledException ? RequestOutcome.Ignored : RequestOutcome.Failed);
}
