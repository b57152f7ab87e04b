namespace PooledClients.Scenarios.Catalog;

/// <summary>How many calls are to be held open at once, and the most connections that may carry them.</summary>
internal sealed record HeldCalls(int Calls, int? MaxConnections);
