namespace PooledClients.Scenarios.Catalog;

/// <summary>When a load began, and when the server was well again, on the machine's monotonic clock.</summary>
internal sealed record FlapWindow(long Began, long Recovered);
