using PooledClients.Scenarios.Catalog;

namespace PooledClients.Scenarios.Bench;

/// <summary>Every scenario there is.</summary>
internal static class ScenarioCatalog
{
    /// <summary>Gets what runs when nothing is named.</summary>
    public static IReadOnlyList<Scenario> Default { get; } = [new Incident(), new IncidentHttp()];

    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. Default,
        new Outage(),
        new GracefulClose(),
        new RollingRestart(),
        new BlackHole(),
        new BlackHoleTls(),
        new LowStreamLimit(),
        new Lifetime(),
        new Swap(),
        new Concurrency(),
        new DescriptorBudget(),
        new DescriptorThief(),
        new ManyAddresses(),
        new Rotation(),
        new HttpLeak(),
        new HttpStall(),
        new HttpFlap(),
        new Flap(),
        new Overload(),
        new Slow(),
        new OtherWork(),
        new Turn(),
        .. Enum.GetValues<EndpointHurt>().Select(static hurt => new EndpointsScenario(hurt, EndpointLoad.Usual)),
        .. new[] { EndpointHurt.Kill, EndpointHurt.Stop, EndpointHurt.Slow }.Select(static hurt => new EndpointsScenario(hurt, new EndpointLoad(500, 20))),
        .. new[] { EndpointHurt.Kill, EndpointHurt.Unavailable }.Select(static hurt => new EndpointsScenario(hurt, EndpointLoad.Usual with { Writes = true })),
        new EndpointsScale(isTold: false),
        new EndpointsScale(isTold: true),
        new ThroughputScenario(),
        new HttpThroughputScenario(),
    ];

    public static Scenario Find(string name)
    {
        return All.FirstOrDefault(scenario => scenario.Name == name)
            ?? throw new UsageException($"There is no scenario '{name}'. There are: {string.Join(", ", All.Select(scenario => scenario.Name))}.");
    }
}
