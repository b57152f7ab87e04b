using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Tests.Connections.Endpoints.Picking;

public sealed class EndpointEjectionTests
{
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void Report_FiveFailuresInARow_LeavesItOutForTheBaseTimeThatDoubles()
    {
        var ejection = Create();
        for (var i = 0; i < 4; i++)
        {
            Assert.False(ejection.Report(EndpointOutcome.Failed, static () => true));
        }

        Assert.True(ejection.Report(EndpointOutcome.Failed, static () => true));
        Assert.Equal((EndpointHealth.Ejected, TimeSpan.FromSeconds(1)), (ejection.State, ejection.EjectedFor));
        Assert.False(ejection.TryProbe());

        foreach (var seconds in (int[])[2, 4, 8, 16, 30, 30])
        {
            _time.Advance(ejection.EjectedFor);
            Assert.True(ejection.Tick());
            Assert.True(ejection.TryProbe());
            Assert.True(ejection.Report(EndpointOutcome.Failed, static () => true));
            Assert.Equal(TimeSpan.FromSeconds(seconds), ejection.EjectedFor);
        }
    }

    [Fact]
    public void Report_SuccessBetween_CountsAnew()
    {
        var ejection = Create();
        for (var i = 0; i < 8; i++)
        {
            ejection.Report(i == 4 ? EndpointOutcome.Answered : EndpointOutcome.Failed, static () => true);
        }

        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Fact]
    public void Report_HalfOfTwenty_LeavesItOut()
    {
        var ejection = Create();
        for (var i = 0; i < 20; i++)
        {
            ejection.Report(i % 2 == 0 ? EndpointOutcome.Answered : EndpointOutcome.Failed, static () => true);
        }

        Assert.Equal(EndpointHealth.Ejected, ejection.State);
    }

    [Fact]
    public void Report_HalfOfTwentyOverTwoWindows_LeavesItIn()
    {
        var ejection = Create();
        for (var i = 0; i < 20; i++)
        {
            ejection.Report(i % 2 == 0 ? EndpointOutcome.Answered : EndpointOutcome.Failed, static () => true);
            _time.Advance(TimeSpan.FromMilliseconds(500));
        }

        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Fact]
    public void Report_ManyWentWellBefore_CountsThem()
    {
        var ejection = Create();
        for (var i = 0; i < 200; i++)
        {
            ejection.Answered();
        }

        _time.Advance(TimeSpan.FromSeconds(1));
        for (var i = 0; i < 20; i++)
        {
            ejection.Report(i % 2 == 0 ? EndpointOutcome.Answered : EndpointOutcome.Failed, static () => true);
        }

        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Fact]
    public void Report_HalfOfTwentyWithinFiveSecondsWhereverTheyBegin_LeavesItOut()
    {
        var ejection = Create();
        _time.Advance(TimeSpan.FromSeconds(3));
        for (var i = 0; i < 20; i++)
        {
            ejection.Report(i % 2 == 0 ? EndpointOutcome.Answered : EndpointOutcome.Failed, static () => true);
            _time.Advance(TimeSpan.FromMilliseconds(200));
        }

        Assert.Equal(EndpointHealth.Ejected, ejection.State);
    }

    [Fact]
    public void Report_UnknownOutcomes_CountForNothing()
    {
        var ejection = Create();
        for (var i = 0; i < 100; i++)
        {
            ejection.Report(EndpointOutcome.Unknown, static () => true);
        }

        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Fact]
    public void Report_TooFewOthersAreLeft_LeavesItIn()
    {
        var ejection = Create();
        for (var i = 0; i < 100; i++)
        {
            ejection.Report(EndpointOutcome.Failed, static () => false);
        }

        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Fact]
    public void Report_ProbeFailsWhereItCannotBeDoneWithout_PutsItBack()
    {
        var ejection = Create();
        Eject(ejection);
        _time.Advance(TimeSpan.FromSeconds(1));
        ejection.Tick();
        ejection.TryProbe();

        Assert.True(ejection.Report(EndpointOutcome.Failed, static () => false));
        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Fact]
    public void TryProbe_Probing_OneAtATimeAndAnUnknownEndLetsTheNextTry()
    {
        var ejection = Create();
        Eject(ejection);
        _time.Advance(TimeSpan.FromSeconds(1));
        ejection.Tick();

        Assert.True(ejection.TryProbe());
        Assert.False(ejection.TryProbe());
        ejection.Report(EndpointOutcome.Unknown, static () => true);
        Assert.True(ejection.TryProbe());
        Assert.True(ejection.Report(EndpointOutcome.Answered, static () => true));
        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Fact]
    public void TryProbe_BeforeItsTimeIsOver_IsForOneSpareCallInABaseTime()
    {
        var ejection = Create();
        Eject(ejection);
        _time.Advance(TimeSpan.FromSeconds(1));
        ejection.Tick();
        ejection.TryProbe();
        ejection.Report(EndpointOutcome.Failed, static () => true);
        Assert.Equal((EndpointHealth.Ejected, TimeSpan.FromSeconds(2), false), (ejection.State, ejection.EjectedFor, ejection.IsProbeDue));

        _time.Advance(TimeSpan.FromSeconds(1.5));
        Assert.True(ejection.IsProbeDue);
        Assert.False(ejection.TryProbe());
        Assert.True(ejection.TryProbe(isSpare: true));
        Assert.False(ejection.TryProbe(isSpare: true));
        Assert.False(ejection.Report(EndpointOutcome.Failed, static () => true));
        Assert.Equal((EndpointHealth.Ejected, TimeSpan.FromSeconds(1), false), (ejection.State, ejection.EjectedFor, ejection.IsProbeDue));

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(ejection.TryProbe(isSpare: true));
        Assert.True(ejection.Report(EndpointOutcome.Answered, static () => true));
        Assert.Equal(EndpointHealth.Well, ejection.State);
    }

    [Theory]
    [InlineData(3, 2)]
    [InlineData(60, 1)]
    public void Report_FailsAgainAfterItWasWell_BeginsAnewOnlyAfterLong(int secondsWell, int secondsOut)
    {
        var ejection = Create();
        Eject(ejection);
        _time.Advance(TimeSpan.FromSeconds(1));
        ejection.Tick();
        ejection.TryProbe();
        ejection.Report(EndpointOutcome.Answered, static () => true);
        _time.Advance(TimeSpan.FromSeconds(secondsWell));
        Eject(ejection);

        Assert.Equal(TimeSpan.FromSeconds(secondsOut), ejection.EjectedFor);
    }

    [Fact]
    public void TryProbe_ManyThreads_OneGetsThePlace()
    {
        for (var round = 0; round < 200; round++)
        {
            var ejection = Create();
            Eject(ejection);
            _time.Advance(TimeSpan.FromSeconds(1));
            ejection.Tick();
            var granted = 0;
            Parallel.For(0, 8, _ => Interlocked.Add(ref granted, ejection.TryProbe() ? 1 : 0));
            Assert.Equal(1, granted);
        }
    }

    private EndpointEjection Create() => new(EjectionSettings.From(new EndpointEjectionOptions()), _time);

    private static void Eject(EndpointEjection ejection)
    {
        for (var i = 0; i < 5; i++)
        {
            ejection.Report(EndpointOutcome.Failed, static () => true);
        }
    }
}
