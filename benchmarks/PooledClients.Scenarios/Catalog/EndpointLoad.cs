namespace PooledClients.Scenarios.Catalog;

/// <summary>The calls of a scenario of several endpoints.</summary>
/// <param name="PerSecond">How many begin in a second.</param>
/// <param name="DelayMs">How long the servers take.</param>
/// <param name="Writes">Whether they write, so that they must not be processed twice.</param>
internal sealed record EndpointLoad(int PerSecond, int DelayMs, bool Writes = false)
{
    public static EndpointLoad Usual { get; } = new(200, 5);

    public string Suffix => this == Usual ? "" : Writes ? "-writes" : $"-{PerSecond}";

    public string Description => $"{PerSecond} {(Writes ? "writes" : "reads")} a second of {DelayMs} ms";
}
