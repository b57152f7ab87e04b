using Microsoft.Extensions.Time.Testing;
using PooledClients.Resilience;

namespace PooledClients.Tests.Resilience;

public sealed class RetryBudgetTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void TryTake_NoCallsYet_GivesOneSecondsFloor()
    {
        var budget = new RetryBudget(_time, ratio: 0.2, perSecond: 10);

        Assert.Equal(10, TakeAll(budget));
    }

    [Fact]
    public void TryTake_FloorOfZero_GivesNothing()
    {
        var budget = new RetryBudget(_time, ratio: 0.2, perSecond: 0);

        Assert.False(budget.TryTake());
    }

    [Theory]
    [InlineData(0, 1, 10)]
    [InlineData(100, 1, 30)]
    [InlineData(200, 5, 90)]
    [InlineData(1000, 0, 200)]
    public void TryTake_AfterCallsAndTime_GivesAFifthOfTheCallsAndTenASecond(int calls, int seconds, int expected)
    {
        var budget = new RetryBudget(_time);
        TakeAll(budget);

        Record(budget, calls);
        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(expected, TakeAll(budget));
    }

    [Theory]
    [InlineData(3600, 3600 * 100, 300)]
    [InlineData(60, 0, 100)]
    public void TryTake_AfterALongHealthyTime_IsWorthTenSeconds(int seconds, int calls, int expected)
    {
        var budget = new RetryBudget(_time);

        Record(budget, calls);
        _time.Advance(TimeSpan.FromSeconds(seconds));

        Assert.Equal(expected, TakeAll(budget));
    }

    [Fact]
    public void TryTake_EveryCallFailing_StaysWithinAFifthAndTenASecond()
    {
        const int seconds = 60, callsPerSecond = 200;
        var budget = new RetryBudget(_time);

        var taken = 0;
        for (var call = 0; call < seconds * callsPerSecond; call++)
        {
            budget.RecordCall();
            _time.Advance(TimeSpan.FromSeconds(1) / callsPerSecond);
            taken += TakeAll(budget);
        }

        const double allowed = (0.2 * seconds * callsPerSecond) + (10 * seconds);
        Assert.InRange(taken, allowed * 0.9, allowed + 10);
    }

    [Fact]
    public void TryTake_FromManyThreads_NeverGivesMoreThanItHas()
    {
        var budget = new RetryBudget(_time);
        Record(budget, 1000);
        var taken = 0;

        Parallel.For(0, 5000, _ =>
        {
            if (budget.TryTake())
            {
                Interlocked.Increment(ref taken);
            }
        });

        Assert.Equal(210, taken);
    }

    private static void Record(RetryBudget budget, int calls)
    {
        for (var i = 0; i < calls; i++)
        {
            budget.RecordCall();
        }
    }

    private static int TakeAll(RetryBudget budget)
    {
        var taken = 0;
        while (budget.TryTake())
        {
            taken++;
        }

        return taken;
    }
}
