namespace PooledClients.Scenarios.Catalog;

/// <summary>What happens to one of several servers.</summary>
internal enum EndpointHurt
{
    Kill,
    Stop,
    Slow,
    Unavailable,
}
