using Polly;

namespace PooledClients.Http.Retries;

/// <summary>Names the strategy in Polly's telemetry.</summary>
internal sealed class HttpBreakerStrategyOptions : ResilienceStrategyOptions
{
    public HttpBreakerStrategyOptions() => Name = "AddressBreaker";
}
