using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.Methods;

/// <summary>Everything that holds for the calls of one method of one client, worked out once.</summary>
internal sealed record MethodPolicy
{
    /// <summary><see langword="null"/>: no deadline.</summary>
    public TimeSpan? Deadline { get; init; }

    public DeadlineOrigin? DeadlineOrigin { get; init; }

    public bool WaitForReady { get; init; }

    /// <summary><see langword="null"/>: its calls are made once, and nobody watches how they end.</summary>
    public CallRetrier? Retrier { get; init; }

    /// <summary><see langword="null"/>: not hedged. It is never together with <see cref="Retrier"/>.</summary>
    public CallHedger? Hedger { get; init; }

    /// <summary><see langword="null"/>: the channel's limits are all there are.</summary>
    public MessageLimits? Limits { get; init; }

    /// <summary>The same, but that further attempts are taken from another budget.</summary>
    public MethodPolicy Spending(CallBudget budget) => this with { Retrier = Retrier?.Spending(budget), Hedger = Hedger?.Spending(budget) };
}
