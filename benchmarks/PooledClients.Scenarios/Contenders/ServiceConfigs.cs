using Grpc.Core;
using Grpc.Net.Client.Configuration;

namespace PooledClients.Scenarios.Contenders;

/// <summary>The framework's own retry policy, for the contenders that have no other.</summary>
internal static class ServiceConfigs
{
    private const string Service = "rocksdb.v1.KeyValue";

    /// <summary>
    /// Retries the methods without side effects on <c>Unavailable</c>, as a careful user would; nothing when no attempts were asked for.
    /// </summary>
    public static ServiceConfig? Retries(int? attempts)
    {
        if (attempts is null)
        {
            return null;
        }

        var method = new MethodConfig
        {
            Names =
            {
                new MethodName { Service = Service, Method = "Get" },
                new MethodName { Service = Service, Method = "Scan" },
            },
            RetryPolicy = new RetryPolicy
            {
                MaxAttempts = attempts.Value,
                InitialBackoff = TimeSpan.FromMilliseconds(50),
                MaxBackoff = TimeSpan.FromSeconds(1),
                BackoffMultiplier = 2,
                RetryableStatusCodes = { StatusCode.Unavailable },
            },
        };
        return new ServiceConfig { MethodConfigs = { method } };
    }
}
