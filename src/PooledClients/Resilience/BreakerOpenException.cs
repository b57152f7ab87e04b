namespace PooledClients.Resilience;

/// <summary>The breaker of an address is open, so nothing was sent. gRPC and HTTP each say it in their own way.</summary>
internal sealed class BreakerOpenException(string address, string when, TimeSpan retryAfter)
    : Exception($"The breaker of {address} is open {when}: too many of its requests failed. Nothing was sent. (Resilience:Breaker)")
{
    /// <summary>How long it stays so; zero while a probe is on its way.</summary>
    public TimeSpan RetryAfter => retryAfter;
}
