using System.Net;
using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>How many of a set are left out at a time, and that one whose time is over is tried.</summary>
public sealed class EjectedEndpointsTests
{
    [Theory]
    [InlineData(2, 1)]
    [InlineData(5, 2)]
    public void Pick_AllFail_NoMoreThanHalfAreOutAtAnyTime(int count, int most)
    {
        using var service = new SimulatedService(200) { Answer = static _ => (TimeSpan.FromMilliseconds(5), EndpointOutcome.Failed) };
        service.Resolve(count);
        var seen = 0;
        for (var i = 0; i < 300; i++)
        {
            service.Run(TimeSpan.FromMilliseconds(100));
            seen = Math.Max(seen, service.Set.All.Count(static endpoint => endpoint.Ejection.State != EndpointHealth.Well));
        }

        Assert.Equal(most, seen);
    }

    [Fact]
    public void Pick_HalfAreOutAndTheOthersLeave_TakesThemBackAfterTheirNextCall()
    {
        var ends = 4;
        var names = new FakeResolver { Answer = () => [.. Enumerable.Range(0, ends).Select(SimulatedService.At)] };
        using var service = new SimulatedService(200, resolver: names);
        service.Answer = static target => (TimeSpan.FromMilliseconds(5), IsOneOfTwo(target) ? EndpointOutcome.Failed : EndpointOutcome.Answered);
        service.Run(TimeSpan.FromSeconds(20));
        Assert.Equal(2, service.Set.All.Count(static endpoint => endpoint.Ejection.State != EndpointHealth.Well));

        ends = 2;
        service.Run(TimeSpan.FromSeconds(60));

        Assert.Equal(2, service.Set.All.Count);
        Assert.Contains(service.Set.All, static endpoint => endpoint.Ejection.State == EndpointHealth.Well);
    }

    [Fact]
    public void Pick_TheTimeOfOneThatIsOutIsOver_GivesItTheNextCall()
    {
        using var service = new SimulatedService(100);
        service.Resolve(2);
        service.Run(TimeSpan.FromSeconds(3));
        var hurt = service.Set.All[0];
        service.Answer = target => (TimeSpan.FromMilliseconds(5), target.Equals(hurt.Target) ? EndpointOutcome.Failed : EndpointOutcome.Answered);
        for (var i = 0; i < 3_000 && hurt.Ejection.State == EndpointHealth.Well; i++)
        {
            service.Run(TimeSpan.FromMilliseconds(10));
        }

        // The last call ends, and none follows.
        service.Run(TimeSpan.FromMilliseconds(5));
        Assert.All(service.Set.All, static endpoint => Assert.Equal(0, endpoint.Load.InFlight));
        for (var i = 0; i < 30 && hurt.Ejection.State == EndpointHealth.Ejected; i++)
        {
            service.Time.Advance(EndpointLoad.TickInterval);
        }

        Assert.Equal(EndpointHealth.Probing, hurt.Ejection.State);
        Assert.Same(hurt, service.Set.Pick(isStream: false));
    }

    private static bool IsOneOfTwo(EndPoint target) => target.Equals(SimulatedService.At(0)) || target.Equals(SimulatedService.At(1));
}
