namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>How an endpoint that joins comes to its share of the calls.</summary>
public sealed class SlowStartTests
{
    [Theory]
    [InlineData(EndpointPolicy.LeastLoaded)]
    [InlineData(EndpointPolicy.RoundRobin)]
    public void Pick_OneThatJoinedIsReadyLater_GetsItsShareByAndByFromThenOn(EndpointPolicy policy)
    {
        using var service = new SimulatedService(1_000, new EndpointOptions { Policy = policy });
        service.Resolve(5);
        service.Run(TimeSpan.FromSeconds(2));
        service.AreReady = false;
        service.Resolve(6);
        service.Run(TimeSpan.FromSeconds(10));
        Assert.Equal(0, service.Picks(5));

        service.Connections[SimulatedService.At(5)].IsReady = true;
        service.Set.Changed();
        service.Run(TimeSpan.FromSeconds(0.5));
        var early = service.Picks(5);
        service.Run(TimeSpan.FromSeconds(2));
        var before = service.Picks(5);
        service.Run(TimeSpan.FromSeconds(0.5));

        // A full share is 83.
        Assert.InRange(early, 3, 45);
        Assert.InRange(service.Picks(5) - before, 65, 100);
    }

    [Fact]
    public void Pick_OneJoinsWithoutASlowStart_HasItsShareAtOnce()
    {
        using var service = new SimulatedService(1_000, new EndpointOptions { SlowStart = TimeSpan.Zero });
        service.Resolve(5);
        service.Run(TimeSpan.FromSeconds(2));
        service.Resolve(6);
        service.Time.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(6, service.Set.All.Count);
        Assert.All(service.Set.All, static endpoint => Assert.Equal(1, endpoint.Load.Share));
    }
}
