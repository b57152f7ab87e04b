using System.Net;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>What a resolver that is asked at an interval says of a service that grows, or of one whose name is not to be had for a while.</summary>
public sealed class ScaleTests
{
    private static readonly TimeSpan Interval = new EndpointOptions().RefreshInterval;

    [Fact]
    public void Pick_ThreeBecomeSix_EachNewOneHasATenthOfTheCallsWithinTheIntervalAndTwoSeconds()
    {
        var names = new FakeResolver { Answer = static () => Some(3) };
        using var service = new SimulatedService(1_000, resolver: names);
        service.Run(TimeSpan.FromSeconds(25));
        var refused = service.Refused;

        // The worst moment: just after the name was asked for.
        var asked = names.Asked;
        while (names.Asked == asked)
        {
            service.Run(TimeSpan.FromMilliseconds(50));
        }

        names.Answer = static () => Some(6);
        service.Run(Interval + TimeSpan.FromSeconds(1.5));
        var before = Enumerable.Range(0, 6).Select(service.Picks).ToArray();
        service.Run(TimeSpan.FromSeconds(0.5));

        Assert.All(Enumerable.Range(3, 3), index => Assert.InRange(service.Picks(index) - before[index], 50, 150));
        Assert.Equal(refused, service.Refused);
    }

    [Fact]
    public void Pick_NameFailsAndIsEmptyForAMinute_NoCallIsRefusedAndNoConnectionClosed()
    {
        var names = new FakeResolver { Answer = static () => Some(5) };
        using var service = new SimulatedService(100, resolver: names);
        service.Run(TimeSpan.FromSeconds(2));
        var (refused, asked) = (service.Refused, names.Asked);

        names.Answer = static () => throw new IOException("no such name");
        service.Run(TimeSpan.FromSeconds(30));
        names.Answer = static () => [];
        service.Run(TimeSpan.FromSeconds(30));

        Assert.Equal((refused, 5), (service.Refused, service.Set.All.Count));
        Assert.True(names.Asked >= asked + 5);
        Assert.DoesNotContain(service.Connections.Values, static connections => connections.IsClosed);
    }

    [Fact]
    public void Pick_NoAnswerIsKnownAtFirst_FindsTheEndpointsASecondAfterTheNameHasThem()
    {
        var names = new FakeResolver { Answer = static () => throw new IOException("no such name") };
        using var service = new SimulatedService(100, resolver: names);
        service.Run(TimeSpan.FromSeconds(30));

        names.Answer = static () => Some(1);
        service.Run(TimeSpan.FromSeconds(1.1));

        Assert.NotNull(service.Set.Pick(isStream: false));
    }

    [Fact]
    public void Update_AnswersThatChangeEachSecondAndRepeatThemselves_KeepWhatStays()
    {
        var second = 0;
        var names = new FakeResolver { Answer = () => [SimulatedService.At(0), SimulatedService.At(0), SimulatedService.At(1 + (++second % 2)), SimulatedService.At(0)] };
        using var service = new SimulatedService(100, new EndpointOptions { RefreshInterval = TimeSpan.FromSeconds(1) }, names);
        service.Run(TimeSpan.FromSeconds(2));
        var stays = service.Set.All[0];
        var refused = service.Refused;

        service.Run(TimeSpan.FromSeconds(60));

        Assert.Equal((2, stays, refused), (service.Set.All.Count, service.Set.All[0], service.Refused));
        Assert.InRange(stays.Load.Picks, 1_000, 6_300);
    }

    private static EndPoint[] Some(int count) => [.. Enumerable.Range(0, count).Select(SimulatedService.At)];
}
