using Grpc.Core;
using PooledClients.Grpc.Retries;

namespace PooledClients.Tests.Grpc.Retries;

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

    [Theory]
    [InlineData(StatusCode.Unavailable, true)]
    [InlineData(StatusCode.Internal, false)]
    [InlineData(StatusCode.Aborted, false)]
    public void Covers_AnAnswerByOurOwnRule_OnlyUnavailable(StatusCode answer, bool covers)
        => Assert.Equal(covers, Policy(statuses: null).IsRetryable(answer));

    [Theory]
    [InlineData(StatusCode.Unavailable, false)]
    [InlineData(StatusCode.Internal, false)]
    [InlineData(StatusCode.Aborted, true)]
    public void Covers_AnAnswerByAServiceConfig_OnlyWhatItLists(StatusCode answer, bool covers)
    {
        var policy = Policy(new HashSet<StatusCode> { StatusCode.Aborted });

        Assert.Equal(covers, policy.IsRetryable(answer));
        Assert.Equal(covers, policy.IsRetryable(new RpcException(new Status(answer, string.Empty))));
    }

    private static RetryPolicy Policy(HashSet<StatusCode>? statuses) => new()
    {
        MaxAttempts = 5,
        InitialBackoff = TimeSpan.FromMilliseconds(100),
        MaxBackoff = TimeSpan.FromSeconds(1),
        Statuses = statuses,
    };
}
