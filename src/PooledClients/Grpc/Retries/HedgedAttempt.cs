using Grpc.Core;
using Polly;

namespace PooledClients.Grpc.Retries;

/// <summary>An attempt of a hedged call that has been answered. The hedging strategy disposes the ones that came second.</summary>
internal sealed class HedgedAttempt<TResponse>(AsyncUnaryCall<TResponse> call, TResponse response) : IDisposable
{
    /// <summary>How a further attempt is made, if there may be one: its number and what cancels it.</summary>
    public static readonly ResiliencePropertyKey<Func<int, CancellationToken, Func<ValueTask<Outcome<HedgedAttempt<TResponse>>>>?>> StartKey =
        new("PooledClients.Grpc.HedgedAttempt");

    public AsyncUnaryCall<TResponse> Call { get; } = call;

    public TResponse Response { get; } = response;

    public void Dispose() => Call.Dispose();
}
