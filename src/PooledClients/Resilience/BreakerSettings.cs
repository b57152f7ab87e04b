namespace PooledClients.Resilience;

/// <summary>What a breaker goes by. Two clients with equal settings share an address's breaker.</summary>
internal sealed record BreakerSettings(double FailureRatio, int MinimumRequests, TimeSpan SamplingDuration, TimeSpan BreakDuration)
{
    /// <returns><see langword="null"/> when the options have no breaker.</returns>
    public static BreakerSettings? From(GrpcResilienceOptions options) => options.BreakerFailureRatio is { } ratio
        ? new BreakerSettings(ratio, options.BreakerMinimumThroughput, options.BreakerSamplingDuration, options.BreakDuration)
        : null;

    /// <returns><see langword="null"/> when the options have no breaker.</returns>
    public static BreakerSettings? From(HttpResilienceOptions options) => options.BreakerFailureRatio is { } ratio
        ? new BreakerSettings(ratio, options.BreakerMinimumThroughput, options.BreakerSamplingDuration, options.BreakDuration)
        : null;
}
