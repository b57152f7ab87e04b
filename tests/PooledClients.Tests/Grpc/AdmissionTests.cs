using PooledClients.Grpc;

namespace PooledClients.Tests.Grpc;

public sealed class AdmissionTests
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
        var admission = new Admission(new AdmissionOptions { Mode = AdmissionMode.Off }, maxConnections: 2);
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

    private static Admission Fixed(int limit)
        => new(new AdmissionOptions { Mode = AdmissionMode.Fixed, MaxCallsInFlight = limit }, maxConnections: 10);
}
