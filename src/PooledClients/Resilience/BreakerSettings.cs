namespace PooledClients.Resilience;

/// <summary>What a breaker goes by. Two clients with equal settings share an address's breaker.</summary>
internal sealed record BreakerSettings(double FailureRatio, int MinimumRequests, TimeSpan SamplingDuration, TimeSpan BreakDuration)
{
    /// <returns><see langword="null"/> where there is to be no breaker.</returns>
    public static BreakerSettings? From(BreakerOptions options) => options.Enabled
        ? new BreakerSettings(options.FailureRatio, options.MinimumThroughput, options.SamplingDuration, options.BreakDuration)
        : null;
}
