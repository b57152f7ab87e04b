using Grpc.Core;

namespace PooledClients.Grpc.Retries;

/// <summary>What the retry strategy asks a call.</summary>
internal interface IRetriedCall
{
    /// <summary>What has been tried so far.</summary>
    RetryState Retry { get; }

    /// <summary>Whether the call goes on after this failure of its latest attempt. A yes has taken its share of the budget.</summary>
    bool ShouldRetry(RpcException failure);
}
