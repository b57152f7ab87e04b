using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>Policies that a channel itself may have.</summary>
internal static class ChannelPolicies
{
    /// <summary>Has every method tried again after these statuses, with pauses of a millisecond.</summary>
    public static ServiceConfig Retry(int maxAttempts, params ReadOnlySpan<StatusCode> statuses)
    {
        var policy = new RetryPolicy
        {
            MaxAttempts = maxAttempts,
            InitialBackoff = TimeSpan.FromMilliseconds(1),
            MaxBackoff = TimeSpan.FromMilliseconds(1),
            BackoffMultiplier = 1,
        };
        foreach (var status in statuses)
        {
            policy.RetryableStatusCodes.Add(status);
        }

        return new ServiceConfig { MethodConfigs = { new MethodConfig { Names = { MethodName.Default }, RetryPolicy = policy } } };
    }
}
