using Microsoft.Extensions.Time.Testing;
using PooledClients.Grpc.Admission;

namespace PooledClients.Tests.Grpc.Admission;

public sealed class CallAdmissionTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public void TryEnter_AtTheLimit_IsFalseUntilACallExits()
    {
        var admission = Fixed(2);
        Assert.True(admission.TryEnter());
        Assert.True(admission.TryEnter());
        Assert.False(admission.TryEnter());

        admission.Exit();

        Assert.True(admission.TryEnter());
        Assert.Equal(2, admission.InFlight);
    }

    [Fact]
    public async Task EnterAsync_WithRoom_CompletesAtOnce()
    {
        var admission = Fixed(1);

        var entering = admission.EnterAsync(Token);

        Assert.True(entering.IsCompletedSuccessfully);
        await entering;
        Assert.Equal((1, 0), (admission.InFlight, admission.Waiting));
    }

    [Fact]
    public async Task Exit_WithWaiters_AdmitsThemInOrder()
    {
        var admission = Fixed(1);
        Assert.True(admission.TryEnter());
        var waiting = Enumerable.Range(0, 3).Select(_ => admission.EnterAsync(Token).AsTask()).ToArray();
        Assert.Equal(3, admission.Waiting);

        foreach (var next in waiting)
        {
            Assert.DoesNotContain(waiting, t => t.IsCompleted && Array.IndexOf(waiting, t) >= Array.IndexOf(waiting, next));
            admission.Exit();
            await next;
        }

        admission.Exit();
        Assert.Equal((0, 0), (admission.InFlight, admission.Waiting));
    }

    [Fact]
    public async Task TryEnter_WhileOthersWait_DoesNotOvertakeThem()
    {
        var admission = Fixed(1);
        Assert.True(admission.TryEnter());
        var first = admission.EnterAsync(Token).AsTask();
        admission.Exit();
        await first;
        var second = admission.EnterAsync(Token).AsTask();

        Assert.False(admission.TryEnter());

        admission.Exit();
        await second;
    }

    [Fact]
    public async Task EnterAsync_Cancelled_LeavesNoTrace()
    {
        var admission = Fixed(1);
        Assert.True(admission.TryEnter());
        using var cancellation = new CancellationTokenSource();
        var first = admission.EnterAsync(Token).AsTask();
        var cancelled = admission.EnterAsync(cancellation.Token).AsTask();
        var last = admission.EnterAsync(Token).AsTask();

        await cancellation.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.Equal(2, admission.Waiting);
        admission.Exit();
        await first;
        admission.Exit();
        await last;
        Assert.Equal((1, 0), (admission.InFlight, admission.Waiting));
    }

    [Fact]
    public async Task EnterAsync_TokenCancelledBefore_Throws()
    {
        var admission = Fixed(1);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => admission.EnterAsync(new CancellationToken(canceled: true)).AsTask());

        Assert.Equal((0, 0), (admission.InFlight, admission.Waiting));
    }

    [Fact]
    public async Task LearnStreamLimit_OfAnAddressWithoutLimit_HoldsConnectionsTimesIt()
    {
        var admission = new CallAdmission(new AdmissionOptions { Mode = AdmissionMode.Off }, maxConnections: 2, TimeProvider.System);
        Assert.True(admission.TryEnter());

        admission.LearnStreamLimit(1);

        Assert.Equal(2, admission.Limit);
        Assert.True(admission.TryEnter());
        Assert.False(admission.TryEnter());
        var waiting = admission.EnterAsync(Token).AsTask();
        admission.LearnStreamLimit(2);
        await waiting;
        Assert.Equal(3, admission.InFlight);
    }

    [Fact]
    public async Task EnterAsync_RacingCancellationAndExits_NeverLosesAPlace()
    {
        var admission = Fixed(3);
        var entered = 0;
        await Parallel.ForEachAsync(Enumerable.Range(0, 8), new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = Token }, async (worker, _) =>
        {
            for (var i = 0; i < 5_000; i++)
            {
                using var cancellation = new CancellationTokenSource();
                try
                {
                    if (!admission.TryEnter())
                    {
                        var entering = admission.EnterAsync(cancellation.Token);
                        if (((i + worker) & 1) == 0)
                        {
                            await cancellation.CancelAsync();
                        }

                        await entering;
                    }
                }
                catch (OperationCanceledException)
                {
                    continue;
                }

                Interlocked.Increment(ref entered);
                Assert.InRange(admission.InFlight, 1, 3);
                if ((i & 7) == 0)
                {
                    await Task.Yield();
                }

                admission.Exit();
            }
        });

        Assert.Equal((0, 0), (admission.InFlight, admission.Waiting));
        Assert.True(entered > 0);
    }

    [Fact]
    public async Task EnterAsync_AdaptiveAndNothingCompletes_LetsAllInAsTimePasses()
    {
        var time = new FakeTimeProvider();
        using var admission = new CallAdmission(new AdmissionOptions(), maxConnections: 10, time);
        var calls = Enumerable.Range(0, 500).Select(_ => admission.EnterAsync(Token).AsTask()).ToArray();
        Assert.Equal((CallAdmission.DefaultStart, 500 - CallAdmission.DefaultStart), (admission.InFlight, admission.Waiting));

        for (var passed = TimeSpan.Zero; passed < TimeSpan.FromSeconds(2); passed += AdmissionWatch.Period)
        {
            time.Advance(AdmissionWatch.Period);
        }

        await Task.WhenAll(calls);
        Assert.Equal((500, 0), (admission.InFlight, admission.Waiting));
        Assert.InRange(admission.Limit, 500, 1000);
    }

    // The thread pool's queue is everybody's: it does not matter what is in it.
    [Theory]
    [InlineData(0, 2 * CallAdmission.DefaultStart)]
    [InlineData(CallAdmission.DefaultStart, CallAdmission.DefaultStart)]
    public void EnterAsync_AdaptiveWithCallsWaiting_OpensUpUnlessTheCallsThemselvesWaitForTheProcess(int atHand, int inFlight)
    {
        var time = new FakeTimeProvider();
        using var admission = new CallAdmission(new AdmissionOptions(), maxConnections: 10, time, () => atHand);
        var calls = Enumerable.Range(0, 500).Select(_ => admission.EnterAsync(Token).AsTask()).ToArray();
        Assert.Equal(500, calls.Length);

        // Too short for the search to try another limit, or for a stall to be one.
        for (var looks = 0; looks < 9; looks++)
        {
            time.Advance(AdmissionWatch.Period);
        }

        Assert.Equal((inFlight, 500 - inFlight), (admission.InFlight, admission.Waiting));
    }

    [Fact]
    public async Task Exit_OfAllAdaptiveCalls_StepsBackAndStopsLooking()
    {
        var time = new TimerCountingTimeProvider();
        using var admission = new CallAdmission(new AdmissionOptions(), maxConnections: 10, time);
        var calls = Enumerable.Range(0, 500).Select(_ => admission.EnterAsync(Token).AsTask()).ToArray();
        AdvanceFor(TimeSpan.FromSeconds(2));
        await Task.WhenAll(calls);

        Array.ForEach(calls, _ => admission.Exit());
        AdvanceFor(TimeSpan.FromSeconds(30));

        Assert.Equal(CallAdmission.DefaultStart, admission.Limit);
        var looks = time.Looks;
        AdvanceFor(TimeSpan.FromSeconds(30));
        Assert.Equal(looks, time.Looks);

        void AdvanceFor(TimeSpan span)
        {
            for (var passed = TimeSpan.Zero; passed < span; passed += AdmissionWatch.Period)
            {
                time.Advance(AdmissionWatch.Period);
            }
        }
    }

    [Fact]
    public void TryEnter_BelowTheLimit_AllocatesNothing()
    {
        using var admission = new CallAdmission(new AdmissionOptions(), maxConnections: 10, TimeProvider.System);
        Assert.True(admission.TryEnter());
        admission.Exit();
        var before = GC.GetAllocatedBytesForCurrentThread();

        for (var i = 0; i < 1000; i++)
        {
            admission.TryEnter();
            admission.Exit();
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    /// <summary>Counts how often the watch reads the clock.</summary>
    private sealed class TimerCountingTimeProvider : FakeTimeProvider
    {
        public int Looks { get; private set; }

        public override long GetTimestamp()
        {
            Looks++;
            return base.GetTimestamp();
        }
    }

    private static CallAdmission Fixed(int limit)
        => new(new AdmissionOptions { Mode = AdmissionMode.Fixed, MaxCallsInFlight = limit }, maxConnections: 10, TimeProvider.System);
}
