namespace PooledClients.Scenarios.Catalog;

/// <summary>What happens to one of several servers, or to each in turn.</summary>
internal enum EndpointHurt
{
    Kill,
    Stop,
    Slow,
    Unavailable,
    Rolling,
}
