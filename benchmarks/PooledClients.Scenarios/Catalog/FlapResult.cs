namespace PooledClients.Scenarios.Catalog;

/// <summary>What a load saw of a server that failed half of what it was asked.</summary>
/// <param name="SecondsOfFailureAfterRecovery">How long calls still failed once the server was well again.</param>
/// <param name="SilentFailures">Failed reads whose text names neither budget nor breaker.</param>
internal sealed record FlapResult(long Calls, int FailedMeanwhile, double SecondsOfFailureAfterRecovery, long SilentFailures);
