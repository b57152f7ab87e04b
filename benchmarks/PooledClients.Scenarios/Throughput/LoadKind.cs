using PooledClients.Scenarios.Servers;

namespace PooledClients.Scenarios.Throughput;

/// <summary>A kind of load: how the server treats its calls, what they carry, and how many callers there are in turn.</summary>
internal sealed record LoadKind(string Name, string Description, ServerBehaviour Behaviour, bool Large, int[] Callers)
{
    public static IReadOnlyList<LoadKind> All { get; } =
    [
        new("fast", "reads of 100 B", new ServerBehaviour(), Large: false, [1, 16, 100, 400, 1500]),
        new("50 ms", "reads of 100 B that take 50 ms at the server", new ServerBehaviour { DelayMs = 50 }, Large: false, [16, 100, 400, 1500]),
        new("mixture", "reads of 100 B, of which one in four takes 50 ms", new ServerBehaviour { DelayMs = 50, DelayShare = 0.25 }, Large: false, [16, 100, 400, 1500]),
        new("large", "reads of 200 KB", new ServerBehaviour(), Large: true, [1, 16, 100]),
    ];
}
