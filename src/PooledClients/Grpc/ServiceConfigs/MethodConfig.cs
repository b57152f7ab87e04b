using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.ServiceConfigs;

/// <summary>What a service config says about a method. What it leaves out is <see langword="null"/>.</summary>
internal sealed record MethodConfig
{
    public TimeSpan? Timeout { get; init; }

    public bool? WaitForReady { get; init; }

    public RetryPolicy? RetryPolicy { get; init; }

    public int? MaxRequestMessageBytes { get; init; }

    public int? MaxResponseMessageBytes { get; init; }
}
