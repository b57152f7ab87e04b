using System.Net;
using PooledClients.Connections.Endpoints.Resolving;

namespace PooledClients.Tests.Connections.Endpoints.Resolving;

public sealed class RendezvousSubsetTests
{
    [Fact]
    public void Take_FewerThanTheSize_IsAllInTheirOrder()
    {
        var endPoints = Create(5);
        Assert.Equal(endPoints, new RendezvousSubset(20, seed: 1).Take(endPoints));
    }

    [Fact]
    public void Take_MoreThanTheSize_KeepsTheirOrder()
    {
        var endPoints = Create(100);
        var taken = new RendezvousSubset(20, seed: 7).Take(endPoints);

        Assert.Equal(20, taken.Count);
        Assert.Equal(endPoints.Where(taken.Contains), taken);
    }

    [Fact]
    public void Take_ThousandByThousandProcesses_LoadsEachAlike()
    {
        var endPoints = Create(1_000);
        var taken = endPoints.ToDictionary(static endPoint => endPoint, static _ => 0);
        for (var process = 1UL; process <= 1_000; process++)
        {
            foreach (var endPoint in new RendezvousSubset(20, process * 0x9E3779B97F4A7C15).Take(endPoints))
            {
                taken[endPoint]++;
            }
        }

        // 20 of 1,000 by 1,000 processes: 20 each, with a standard deviation of 4.4.
        Assert.All(taken.Values, static count => Assert.InRange(count, 3, 45));
    }

    [Fact]
    public void Take_OneEndpointLeaves_ChangesOnePlace()
    {
        var endPoints = Create(100);
        var subset = new RendezvousSubset(20, seed: 42);
        var before = subset.Take(endPoints);
        var after = subset.Take([.. endPoints.Where(endPoint => endPoint != before[7])]);

        Assert.Single(before.Except(after));
        Assert.Single(after.Except(before));
    }

    private static EndPoint[] Create(int count) => [.. Enumerable.Range(0, count).Select(static i => new IPEndPoint(new IPAddress([10, 0, (byte)(i / 250), (byte)(i % 250)]), 443))];
}
