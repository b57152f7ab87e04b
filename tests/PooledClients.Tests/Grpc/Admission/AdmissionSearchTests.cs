using PooledClients.Grpc.Admission;

namespace PooledClients.Tests.Grpc.Admission;

/// <summary>The search against a simulated server, beside the same load with no limit at all (what a raw channel does).</summary>
public sealed class AdmissionSearchTests
{
    private const int Start = 100;
    private const int Ceiling = 1600;
    private const int ClimbMilliseconds = 2000;

    /// <summary>A load, the least share of the raw throughput once it had two seconds to climb, and the least and most limit then.</summary>
    public static TheoryData<string, SimulatedCallers[], double, int, int> Loads => new()
    {
        { "fast, few callers", [new(100, 0.5)], 0.999, Start, 100 },
        { "fast, some too many", [new(400, 0.5)], 1.15, Start, 200 },
        { "fast, far too many", [new(1500, 0.5)], 1.7, Start, 200 },
        { "10 ms", [new(400, 10)], 1.05, Start, 400 },
        { "50 ms, few callers", [new(100, 50)], 0.999, 100, 100 },
        { "50 ms, some", [new(400, 50)], 0.98, 400, 400 },
        { "50 ms, many", [new(1500, 50)], 1.2, 400, 1600 },
        { "150 ms", [new(1500, 150)], 0.98, 800, 1600 },
        { "300 ms", [new(400, 300)], 0.96, 400, 400 },
        { "2 s", [new(1500, 2000)], 0.98, 1600, 1600 },
        { "fast beside 50 ms", [new(1125, 0.5), new(375, 50)], 1.6, Start, 800 },
        { "fast beside 50 ms, fewer", [new(300, 0.5), new(100, 50)], 1.05, Start, 400 },
        { "fast beside 2 s", [new(750, 0.5), new(750, 2000)], 1.1, 800, 1600 },
        { "fast beside long polls", [new(200, 0.5), new(200, 60_000)], 0.98, 250, 400 },
        { "few fast among long polls", [new(40, 0.5), new(360, 60_000)], 0.98, 400, 400 },
    };

    [Theory]
    [MemberData(nameof(Loads))]
    public void Observe_SuddenLoad_ServesAsMuchAsARawChannel(string load, SimulatedCallers[] callers, double leastShare, int leastLimit, int mostLimit)
    {
        var raw = new SimulatedService(search: null);
        var search = new AdmissionSearch(Start, Ceiling);
        var held = new SimulatedService(search);
        raw.Run(ClimbMilliseconds, callers);
        held.Run(ClimbMilliseconds, callers);

        var share = held.Run(20_000, callers) / raw.Run(20_000, callers);

        Assert.True(share >= leastShare, $"{load}: {share:0.000} of raw, limit {search.Limit}");
        Assert.InRange(search.Limit, leastLimit, mostLimit);
    }

    [Theory]
    [InlineData(50, 400)]
    [InlineData(150, 1500)]
    public void Observe_SlowCallsInAProcessCrowdedByOtherWork_AreHeldBackForSecondsOnly(double holdMilliseconds, int callers)
    {
        var raw = new SimulatedService(search: null);
        var held = new SimulatedService(new AdmissionSearch(Start, Ceiling)) { IsStarved = true };
        var load = new SimulatedCallers(callers, holdMilliseconds);
        raw.Run(10_000, load);
        held.Run(10_000, load);

        Assert.True(held.Run(20_000, load) >= 0.95 * raw.Run(20_000, load), $"limit {held.Limit}");
    }

    [Theory]
    [InlineData(2000)]
    [InlineData(60_000)]
    public void Observe_NothingCompletes_LetsAllInWithinTwoSeconds(double holdMilliseconds)
    {
        var search = new AdmissionSearch(Start, Ceiling);
        var service = new SimulatedService(search);

        service.Run(ClimbMilliseconds - 100, new SimulatedCallers(1500, holdMilliseconds));

        Assert.Equal(1500, service.InFlight);
    }

    [Fact]
    public void Observe_LoadFalls_StepsBackAndSettles()
    {
        var search = new AdmissionSearch(Start, Ceiling);
        var service = new SimulatedService(search);
        service.Run(3000, new SimulatedCallers(1500, 2000));
        Assert.Equal(Ceiling, search.Limit);

        service.Run(9000, new SimulatedCallers(150, 2000));
        Assert.Equal(200, search.Limit);
        Assert.False(search.IsSettled);

        service.Run(9000, new SimulatedCallers(20, 50));
        Assert.Equal(Start, search.Limit);
        Assert.True(search.IsSettled);
    }

    [Fact]
    public void Observe_SlowCallsTurnFast_ComesBackToFewInFlight()
    {
        var search = new AdmissionSearch(Start, Ceiling);
        var service = new SimulatedService(search);
        service.Run(5000, new SimulatedCallers(1500, 2000));
        Assert.Equal(Ceiling, search.Limit);

        service.Run(6000, new SimulatedCallers(1500, 0.5));

        Assert.InRange(search.Limit, Start, 200);
    }

    [Fact]
    public void Observe_FastCallsTurnSlow_OpensUpWithinTwoSeconds()
    {
        var search = new AdmissionSearch(Start, Ceiling);
        var service = new SimulatedService(search);
        service.Run(60_000, new SimulatedCallers(400, 0.5));
        Assert.InRange(search.Limit, Start, 200);

        service.Run(ClimbMilliseconds, new SimulatedCallers(400, 50));

        Assert.Equal(400, search.Limit);
    }

    [Fact]
    public void Observe_ServerStalls_ForgetsWhatTheStallTaught()
    {
        var callers = new SimulatedCallers(1500, 0.5);
        var search = new AdmissionSearch(Start, Ceiling);
        var service = new SimulatedService(search);
        service.Run(5000, callers);
        service.StalledUntil = service.Now + 1000;
        service.Run(1000, callers);
        Assert.Equal(Ceiling, search.Limit);

        service.Run(6000, callers);

        Assert.InRange(search.Limit, Start, 200);
    }

    [Fact]
    public void Observe_NothingToHold_StaysSettled()
    {
        var search = new AdmissionSearch(Start, Ceiling);

        new SimulatedService(search).Run(5000, new SimulatedCallers(50, 50));

        Assert.True(search.IsSettled);
        Assert.Equal(Start, search.Limit);
    }
}
