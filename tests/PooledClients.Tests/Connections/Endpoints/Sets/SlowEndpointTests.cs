using PooledClients.Connections.Endpoints.Picking;

namespace PooledClients.Tests.Connections.Endpoints.Sets;

/// <summary>One of five turns slow under calls that overlap and whose times vary, as they do on a machine that is busy.</summary>
public sealed class SlowEndpointTests
{
    [Theory]
    [InlineData(200, 5)]
    [InlineData(500, 20)]
    public void Pick_OneTurnsTwentyTimesSlower_GetsLessThanTheHundredthCall(int perSecond, int milliseconds)
    {
        using var service = new SimulatedService(perSecond);
        var random = new Random(1);
        var times = 1;
        service.Answer = target =>
        {
            var fixedPart = milliseconds * (target.Equals(SimulatedService.At(0)) ? times : 1);
            return (TimeSpan.FromMilliseconds(fixedPart - (8 * Math.Log(1 - random.NextDouble()))), EndpointOutcome.Answered);
        };
        service.Resolve(5);
        service.Run(TimeSpan.FromSeconds(5));
        var before = service.Picks(0);
        service.Latencies.Clear();

        times = 20;
        service.Run(TimeSpan.FromSeconds(8));

        Assert.InRange(service.Picks(0) - before, 3, service.Latencies.Count / 100);
    }

    [Fact]
    public void Pick_OneIsLateForAMoment_IsBackSoonAfter()
    {
        using var service = new SimulatedService(500);
        service.Resolve(5);
        service.Run(TimeSpan.FromSeconds(5));
        var hurt = service.Set.All[0];
        service.Answer = target => (TimeSpan.FromMilliseconds(target.Equals(hurt.Target) ? 100 : 5), EndpointOutcome.Answered);
        for (var i = 0; i < 1_000 && hurt.Load.LatencySeconds < 0.03; i++)
        {
            service.Run(TimeSpan.FromMilliseconds(10));
        }

        Assert.True(hurt.Load.IsSlow);
        service.Answer = static _ => (TimeSpan.FromMilliseconds(5), EndpointOutcome.Answered);

        // A tenth of a second for what is on its way, three for the question.
        service.Run(TimeSpan.FromSeconds(0.7));

        Assert.False(hurt.Load.IsSlow);
    }
}
