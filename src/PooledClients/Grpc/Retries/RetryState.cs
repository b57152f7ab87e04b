using Grpc.Core;
using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Retries;

/// <summary>What a call has to remember from its first failure on. A call that succeeds at once has none.</summary>
internal sealed class RetryState(string method, RetryPolicy policy, CallBudget budget, ILogger logger, RpcException first)
{
    // How often the pause has grown.
    private int _pauses;
    private bool _isFirstTaken;

    // Why there is no further attempt, where a rule of ours forbids it.
    private string? _gaveUp;

    /// <summary>How the latest attempt failed.</summary>
    public RpcException Latest { get; private set; } = first;

    public int Attempts { get; set; } = 1;

    /// <summary>The first attempt's failure, once: it was made outside the pipeline.</summary>
    public RpcException? TakeFirst()
    {
        var first = _isFirstTaken ? null : Latest;
        _isFirstTaken = true;
        return first;
    }

    /// <summary>Whether policy, server and budget allow another attempt after this failure. A yes has taken its share of the budget.</summary>
    public bool Allows(RpcException failure)
    {
        Latest = failure;
        if (_gaveUp is not null || !policy.IsRetryable(failure))
        {
            return false;
        }

        _gaveUp = Attempts >= policy.MaxAttempts ? "as many as it may make"
            : RetryPushback.From(failure.Trailers).Forbidden ? $"the server forbids another by {RetryPushback.Trailer}"
            : !budget.TryTake() ? budget.Spent
            : null;
        return _gaveUp is null;
    }

    /// <summary>Allows no further attempt, for this reason.</summary>
    public void GiveUp(string reason) => _gaveUp = reason;

    /// <summary>The pause before the next attempt.</summary>
    public TimeSpan NextPause(RpcException failure)
    {
        if (RetryPushback.From(failure.Trailers).Delay is { } pause)
        {
            // The server knows better than the row of pauses, which starts over.
            _pauses = 0;
        }
        else
        {
            pause = policy.Backoff(_pauses++, Random.Shared.NextDouble());
        }

        logger.CallTriedAgain(method, Attempts, failure.StatusCode, pause.TotalMilliseconds);
        return pause;
    }

    /// <summary>The latest failure, with the number of attempts and the reason why there are no more.</summary>
    public RpcException Explain(RpcException failure)
    {
        if (_gaveUp is null && Attempts == 1)
        {
            return failure;
        }

        var attempts = Attempts == 1 ? "1 attempt" : $"{Attempts} attempts";
        var status = failure.Status;
        return new RpcException(
            new Status(status.StatusCode, $"{status.Detail} ({attempts}{(_gaveUp is null ? null : "; " + _gaveUp)})", status.DebugException ?? failure),
            failure.Trailers);
    }
}
