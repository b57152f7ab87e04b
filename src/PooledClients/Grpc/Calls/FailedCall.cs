using Grpc.Core;

namespace PooledClients.Grpc.Calls;

/// <summary>A call that has failed before it was made.</summary>
internal static class FailedCall
{
    public static AsyncUnaryCall<TResponse> Unary<TResponse>(StatusCode code, string detail)
    {
        var failure = new RpcException(new Status(code, detail));
        return new AsyncUnaryCall<TResponse>(
            Task.FromException<TResponse>(failure), Task.FromException<Metadata>(failure), () => failure.Status, () => failure.Trailers, () => { });
    }
}
