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
        Call(load, TimeSpan.FromMilliseconds(105));
        Assert.Equal(0.055, load.LatencySeconds, 6);

        Call(load, TimeSpan.FromMilliseconds(5));
        Assert.Equal(0.03, load.LatencySeconds, 6);
    }

    [Fact]
    public void CostOf_UpToTwiceAsSlowAsTheOthers_IsTheirs()
    {
        var load = new EndpointLoad(0.005);
        Call(load, TimeSpan.FromMilliseconds(14));
        Assert.Equal(0.005, load.CostOf(isStream: false), 6);

        Call(load, TimeSpan.FromMilliseconds(14));
        Assert.Equal(0.01175, load.CostOf(isStream: false), 6);
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
        var isOwed = load.Tick(share: 1, typicalSeconds: 0.005, Now, _time);

        Assert.Equal(4, load.CostOf(isStream: false), 6);
        Assert.False(isOwed);
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
        Assert.Equal(0.005, load.CostOf(isStream: false), 6);

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
    public void Tick_NoCallForASecond_OwesOne()
    {
        var load = new EndpointLoad(0.005);
        var owed = Enumerable.Range(1, 11).Select(_ => load.Tick(share: 1, typicalSeconds: 0.005, Now, _time)).ToArray();
        Assert.Equal(9, owed.Count(static isOwed => !isOwed));
        Assert.True(owed[^1]);

        Call(load, TimeSpan.FromMilliseconds(1));
        Assert.False(load.Tick(share: 1, typicalSeconds: 0.005, Now, _time));
    }

    [Fact]
    public void Tick_NewEndpoint_CostsMoreUntilItHasItsShare()
    {
        var load = new EndpointLoad(0.005, share: 0);
        Assert.Equal(0.05, load.CostOf(isStream: false), 6);

        Call(load, TimeSpan.FromMilliseconds(5));
        Assert.Equal(0.05, load.CostOf(isStream: false), 6);
        load.Tick(share: 0.5, typicalSeconds: 0.005, Now, _time);
        Assert.Equal(0.01, load.CostOf(isStream: false), 6);
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
