using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Tests.Connections.Endpoints.Picking;

public sealed class EndpointLoadTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void CostOf_CallsInFlight_CostMore()
    {
        var load = new EndpointLoad(0.005);
        var idle = load.CostOf(isStream: false);
        load.Begin(isStream: false, Now);

        Assert.Equal(2 * idle, load.CostOf(isStream: false), 6);
        Assert.Equal((1, 1L), (load.InFlight, load.Picks));
    }

    [Fact]
    public void End_Answers_MoveTheEstimateByHalfTheWayEach()
    {
        var load = new EndpointLoad(0.005);
        Call(load, TimeSpan.FromMilliseconds(9));
        Assert.Equal(0.007, load.LatencySeconds, 6);

        Call(load, TimeSpan.FromMilliseconds(5));
        Assert.Equal(0.006, load.LatencySeconds, 6);
    }

    [Fact]
    public void End_OneLateAnswerOfOneThatIsWell_CostsNothingAndTheSecondInARowDoes()
    {
        var load = new EndpointLoad(0.005);
        Call(load, TimeSpan.FromMilliseconds(105));
        Assert.Equal((0.01, 0.005), (load.LatencySeconds, load.CostOf(isStream: false)));

        Call(load, TimeSpan.FromMilliseconds(5));
        Call(load, TimeSpan.FromMilliseconds(105));
        Assert.Equal(0.005, load.CostOf(isStream: false), 6);

        Call(load, TimeSpan.FromMilliseconds(105));
        Assert.Equal(0.0575, load.CostOf(isStream: false), 6);
    }

    [Fact]
    public void CostOf_UpToTwiceAsSlowAsTheOthers_IsTheirs()
    {
        var load = new EndpointLoad(0.005);
        Call(load, TimeSpan.FromMilliseconds(14));
        Assert.Equal(0.005, load.CostOf(isStream: false), 6);

        Call(load, TimeSpan.FromMilliseconds(14));
        Assert.Equal(0.012, load.CostOf(isStream: false), 6);
    }

    [Fact]
    public void End_QuickFailures_CostAsSlowAnswersAndHaveABound()
    {
        var load = new EndpointLoad(0.005);
        for (var i = 0; i < 20; i++)
        {
            Call(load, TimeSpan.FromMilliseconds(1), EndpointOutcome.Failed);
        }

        Assert.Equal(0.16, load.LatencySeconds, 4);
    }

    [Fact]
    public void End_GivenUpByTheCaller_TellsOnlyThatItIsNoFaster()
    {
        var load = new EndpointLoad(0.005);
        Call(load, TimeSpan.FromMilliseconds(1), EndpointOutcome.Unknown);
        Assert.Equal(0.005, load.LatencySeconds, 6);

        Call(load, TimeSpan.FromMilliseconds(105), EndpointOutcome.Unknown);
        Assert.Equal(0.055, load.LatencySeconds, 6);
    }

    [Fact]
    public void Tick_SilentWithCallsInFlight_CostsTheSilence()
    {
        var load = new EndpointLoad(0.005);
        load.Begin(isStream: false, Now);
        _time.Advance(TimeSpan.FromSeconds(2));
        load.Tick(share: 1, typicalSeconds: 0.005, Now, _time);

        Assert.Equal(4, load.CostOf(isStream: false), 6);
    }

    [Fact]
    public void End_WellAfterASecondWithoutCalls_BringsAnEndpointBackAtOnce()
    {
        var load = new EndpointLoad(0.005);
        for (var i = 0; i < 5; i++)
        {
            Call(load, TimeSpan.FromSeconds(30));
        }

        Tick(load, times: 10);
        Assert.True(load.CostOf(isStream: false) > 0.1);

        Call(load, TimeSpan.FromMilliseconds(5));
        Assert.Equal(0.005, load.CostOf(isStream: false), 6);
    }

    [Fact]
    public void End_FirstAnswersAreSlow_CountOnlyOnceThereAreEnough()
    {
        var load = new EndpointLoad(0.005, coldAnswers: 3);
        Call(load, TimeSpan.FromMilliseconds(105));
        Call(load, TimeSpan.FromMilliseconds(105));
        Assert.Equal((true, 0.005), (load.IsCold, load.CostOf(isStream: false)));

        Call(load, TimeSpan.FromMilliseconds(105));
        Assert.True(load.CostOf(isStream: false) > 0.05);
    }

    [Fact]
    public void End_FirstAnswerIsAFailure_CountsAtOnce()
    {
        var load = new EndpointLoad(0.005, coldAnswers: 3);
        Call(load, TimeSpan.FromMilliseconds(1), EndpointOutcome.Failed);

        Assert.True(load.CostOf(isStream: false) > 0.05);
        Assert.True(load.HasFailed);
    }

    [Fact]
    public void Tick_OneCallASecondThatIsSlow_KeepsAnEndpointOut()
    {
        var load = new EndpointLoad(0.005);
        Call(load, TimeSpan.FromMilliseconds(100));
        for (var second = 0; second < 60; second++)
        {
            Call(load, TimeSpan.FromMilliseconds(100));
            Tick(load, times: 10);
            Assert.InRange(load.CostOf(isStream: false), 0.02, 0.1);
        }
    }

    [Fact]
    public void Tick_NobodyLooks_EstimateFallsSoThatNobodyIsOutForGood()
    {
        var load = new EndpointLoad(0.005);
        Call(load, TimeSpan.FromSeconds(30));
        Tick(load, times: 150);

        Assert.True(load.LatencySeconds < 0.005, $"The estimate is {load.LatencySeconds} s after 15 s.");
    }

    [Fact]
    public void CostOf_LessThanAMillisecondSlowerThanTheOthers_IsTheirs()
    {
        var load = new EndpointLoad(0.00002);
        for (var i = 0; i < 10; i++)
        {
            Call(load, TimeSpan.FromMicroseconds(640), typical: 0.00002);
        }

        Assert.Equal((false, 0.00002), (load.IsSlow, load.CostOf(isStream: false)));

        for (var i = 0; i < 10; i++)
        {
            Call(load, TimeSpan.FromMilliseconds(2), typical: 0.00002);
        }

        Assert.Equal((true, 0.002), (load.IsSlow, Math.Round(load.CostOf(isStream: false), 4)));
    }

    [Fact]
    public void End_FailureAmongCallsOfMicroseconds_CostsMoreThanTheOthers()
    {
        var load = new EndpointLoad(0.00002);
        Call(load, TimeSpan.FromMicroseconds(10), EndpointOutcome.Failed, typical: 0.00002);

        Assert.True(load.IsSlow);
    }

    [Theory]
    [InlineData(5, 100, 3, 3, 3)]
    [InlineData(18, 1, 3, 3, 3)]
    [InlineData(100, 1, 3, 6, 12, 17, 17)]
    [InlineData(100, 5, 3, 6, 12, 13, 13)]
    [InlineData(100, 20, 3, 6, 10, 10, 10)]
    public void IsOwed_WithoutACall_IsSoonOfOneThatIsNotMuchSlowerAndMoreAndMoreSeldomOfOneThatStaysSlow(int milliseconds, int idle, params int[] expected)
    {
        var load = new EndpointLoad(milliseconds / 1000.0);
        List<int> owed = [];
        foreach (var _ in expected)
        {
            Call(load, TimeSpan.FromMilliseconds(milliseconds));
            owed.Add(TicksUntilOwed(load, idle));
        }

        Assert.Equal(expected, owed);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void IsOwed_LastCallHasFailedOrIsNotAnswered_IsWithinTwoSecondsAlone(bool hasFailed)
    {
        var load = new EndpointLoad(0.1);
        Call(load, TimeSpan.FromMilliseconds(100), hasFailed ? EndpointOutcome.Failed : EndpointOutcome.Answered);
        if (!hasFailed)
        {
            load.Begin(isStream: false, Now);
        }

        Assert.Equal(17, TicksUntilOwed(load, idle: 1));
    }

    [Fact]
    public void Tick_NewEndpoint_HasTheShareItIsGiven()
    {
        var load = new EndpointLoad(0.005, share: 0);
        Assert.Equal((0.1, 0.005), (load.Share, load.CostOf(isStream: false)));

        load.Tick(share: 0.5, typicalSeconds: 0.005, Now, _time);
        Assert.Equal(0.5, load.Share);
    }

    [Fact]
    public void CostOf_Stream_GoesByOpenStreams()
    {
        var (slow, fast) = (new EndpointLoad(1), new EndpointLoad(0.001));
        fast.Begin(isStream: true, Now);
        Assert.True(slow.CostOf(isStream: true) < fast.CostOf(isStream: true));

        fast.EndStream();
        Assert.True(slow.CostOf(isStream: true) > fast.CostOf(isStream: true));
        Assert.Equal((0, 0), (fast.Streams, fast.InFlight));
    }

    private int TicksUntilOwed(EndpointLoad load, int idle)
    {
        load.Tick(share: 1, typicalSeconds: 0.005, Now, _time);
        var ticks = 1;
        while (!load.IsOwed(load.Tick(share: 1, typicalSeconds: 0.005, Now, _time), typicalSeconds: 0.005, idle))
        {
            ticks++;
        }

        return ticks;
    }

    private void Tick(EndpointLoad load, int times)
    {
        for (var i = 0; i < times; i++)
        {
            load.Tick(share: 1, typicalSeconds: 0.005, Now, _time);
        }
    }

    private long Now => _time.GetTimestamp();

    private void Call(EndpointLoad load, TimeSpan elapsed, EndpointOutcome outcome = EndpointOutcome.Answered, double typical = 0.005)
    {
        load.Begin(isStream: false, Now);
        _time.Advance(elapsed);
        load.End(outcome, elapsed, typical, Now);
    }
}
