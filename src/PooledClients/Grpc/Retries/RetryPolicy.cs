using Grpc.Core;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Retries;

/// <summary>How the calls of one method are tried again.</summary>
internal sealed record RetryPolicy
{
    public required int MaxAttempts { get; init; }

    public required TimeSpan InitialBackoff { get; init; }

    public required TimeSpan MaxBackoff { get; init; }

    public double BackoffMultiplier { get; init; } = 2;

    /// <summary>
    /// The statuses that a service config lists, which are then all there is to it. <see langword="null"/> means our own rule:
    /// what shows that the server or the connection, not the call, was at fault.
    /// </summary>
    public IReadOnlySet<StatusCode>? Statuses { get; init; }

    /// <summary>Whether an answer that fails the call is one that another attempt may mend.</summary>
    public bool IsRetryable(StatusCode answer) => Statuses?.Contains(answer) ?? answer == StatusCode.Unavailable;

    /// <summary>Whether a failure is one that another attempt may mend.</summary>
    public bool IsRetryable(RpcException failure) => FailureClassifier.Classify(failure) switch
    {
        // What is none of the server's doing is not mended by asking it again, whatever the status.
        { Owner: FaultOwner.Process or FaultOwner.Trust } => false,
        var judged => Statuses?.Contains(failure.StatusCode) ?? judged.IsTransient,
    };

    /// <summary>
    /// The pause before a further attempt: exponential, within 20% (gRFC A6). <paramref name="exponent"/> is the number of attempts
    /// since the first one or since the server last set the pause; <paramref name="random"/> is in [0, 1).
    /// </summary>
    public TimeSpan Backoff(int exponent, double random)
    {
        var pause = Math.Min(InitialBackoff.TotalSeconds * Math.Pow(BackoffMultiplier, exponent), MaxBackoff.TotalSeconds);
        return TimeSpan.FromSeconds(pause * (0.8 + (0.4 * random)));
    }
}
