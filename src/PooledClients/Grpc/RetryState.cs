using Grpc.Core;

namespace PooledClients.Grpc;

/// <summary>What a call has to remember from its first failure on. A call that succeeds at once has none.</summary>
internal sealed class RetryState(RpcException first)
{
    /// <summary>How the latest attempt failed.</summary>
    public RpcException Latest { get; set; } = first;

    /// <summary>Whether the pipeline has been given the first attempt's failure.</summary>
    public bool FirstGiven { get; set; }

    public int Attempts { get; set; } = 1;

    /// <summary>How often the pause has grown.</summary>
    public int Pauses { get; set; }

    /// <summary>Why there is no further attempt, where a rule of ours forbids it.</summary>
    public string? GaveUp { get; set; }

    /// <summary>Ends a pause: by the caller, by <c>Dispose</c>, or at the deadline.</summary>
    public CancellationTokenSource? Stop { get; set; }

    /// <summary>How the call has ended, where that is not how its latest attempt has.</summary>
    public RpcException? End { get; set; }

    /// <summary>The latest failure, with the number of attempts and the reason why there are no more.</summary>
    public RpcException Explain(RpcException failure)
    {
        if (GaveUp is null && Attempts == 1)
        {
            return failure;
        }

        var attempts = Attempts == 1 ? "1 attempt" : $"{Attempts} attempts";
        var status = failure.Status;
        return new RpcException(
            new Status(status.StatusCode, $"{status.Detail} ({attempts}{(GaveUp is null ? null : "; " + GaveUp)})", status.DebugException ?? failure),
            failure.Trailers);
    }
}
