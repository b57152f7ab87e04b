using Polly;

namespace PooledClients.Grpc.Retries;

/// <summary>A call whose first attempt has failed.</summary>
/// <typeparam name="TResult">What an attempt leads to.</typeparam>
internal interface IRetriedCall<TResult> : IRetriedCall
{
    /// <summary>Makes one further attempt.</summary>
    ValueTask<Outcome<TResult>> AttemptAsync();
}
