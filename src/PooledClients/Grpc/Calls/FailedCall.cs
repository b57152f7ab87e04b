using Grpc.Core;

namespace PooledClients.Grpc.Calls;

/// <summary>A call that has failed before it was made.</summary>
internal static class FailedCall
{
    /// <summary>A call whose deadline had passed.</summary>
    /// <param name="detail">Whose it was.</param>
    /// <param name="throwsOnCancellation">Whether it throws <see cref="OperationCanceledException"/>.</param>
    public static AsyncUnaryCall<TResponse> DeadlineExceeded<TResponse>(string detail, bool throwsOnCancellation)
    {
        var failure = new RpcException(new Status(StatusCode.DeadlineExceeded, detail));
        Exception thrown = throwsOnCancellation ? new OperationCanceledException(detail, failure) : failure;

        // The channel, too, leaves no cancellation to whoever watches for failures that nobody looked at.
        return new AsyncUnaryCall<TResponse>(
            Task.FromException<TResponse>(thrown).Observed(), Task.FromException<Metadata>(thrown).Observed(), () => failure.Status, () => failure.Trailers, () => { });
    }
}
