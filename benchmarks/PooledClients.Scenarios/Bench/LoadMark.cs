namespace PooledClients.Scenarios.Bench;

/// <summary>A moment on the machine's monotonic clock that the bench tells a load.</summary>
internal sealed record LoadMark(string Name, long Moment);
