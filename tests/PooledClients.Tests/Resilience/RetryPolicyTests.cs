using PooledClients.Resilience;

namespace PooledClients.Tests.Resilience;

public sealed class RetryPolicyTests
{
    [Theory]
    [InlineData(0, 0.5, 2, 100)]
    [InlineData(0, 0, 2, 80)]
    [InlineData(0, 1, 2, 120)]
    [InlineData(1, 0.5, 2, 200)]
    [InlineData(3, 0.5, 2, 800)]
    [InlineData(4, 0.5, 2, 1000)]
    [InlineData(2, 0.5, 3, 900)]
    [InlineData(5000, 0.5, 2, 1000)]
    public void Backoff_GrowsToItsMost_WithinAFifth(int pauses, double random, double multiplier, double milliseconds)
    {
        var policy = new RetryPolicy
        {
            MaxAttempts = 5,
            InitialBackoff = TimeSpan.FromMilliseconds(100),
            MaxBackoff = TimeSpan.FromSeconds(1),
            BackoffMultiplier = multiplier,
        };

        Assert.Equal(milliseconds, policy.Backoff(pauses, random).TotalMilliseconds, 3);
    }
}
