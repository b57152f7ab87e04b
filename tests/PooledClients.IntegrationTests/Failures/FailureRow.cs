using Grpc.Core;
using PooledClients.Resilience;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>One cause of failure: who makes it, and what it has to come to.</summary>
internal sealed record FailureRow(string Cause, Func<int, Task<FailurePeer>> Start, Failure Expected, string Words)
{
    public static FailureRow Of(string cause, Func<int, Task<FailurePeer>> start, FailureKind kind, string words, StatusCode? status = null)
    {
        var failure = Failure.Of(kind);
        return new FailureRow(cause, start, status is { } code ? failure with { Status = code } : failure, words);
    }
}
