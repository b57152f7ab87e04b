namespace PooledClients.Scenarios.Throughput;

/// <summary>One turn of a contender: callers that call for a while, of which the first part is not counted.</summary>
internal sealed record RoundSettings(int Callers, bool Large, double UncountedSeconds, double Seconds);
