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
        return new AsyncUnaryCall<TResponse>(
            Task.FromException<TResponse>(thrown), Task.FromException<Metadata>(thrown), () => failure.Status, () => failure.Trailers, () => { });
    }
}
