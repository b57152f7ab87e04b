using Grpc.Core;
using PooledClients.Grpc.Deadlines;

namespace PooledClients.Grpc;

/// <summary>Connects by a real call, for a handshake alone does not show that the peer speaks gRPC.</summary>
internal static class HealthProbe
{
    // An empty HealthCheckRequest is no bytes at all; the answer is not looked at.
    private static readonly Marshaller<byte[]> Bytes = Marshallers.Create(static bytes => bytes, static bytes => bytes);

    public const string Path = "/grpc.health.v1.Health/Check";

    private static readonly Method<byte[], byte[]> Check = new(MethodType.Unary, "grpc.health.v1.Health", "Check", Bytes, Bytes);

    public static async Task ConnectAsync(PooledChannel channel, CancellationToken cancellationToken)
    {
        if (channel.Handler is not { } handler)
        {
            return;
        }

        try
        {
            using var call = Start(channel, cancellationToken);
            await call.ResponseAsync.ConfigureAwait(false);
        }
        catch (RpcException exception) when (cancellationToken.IsCancellationRequested)
        {
            var failure = handler.Transport.LastFailure ?? exception;
            throw new OperationCanceledException($"{handler.Transport.Address} was not connected in time: {failure.Message}", failure, cancellationToken);
        }
        catch (RpcException) when (handler.State == ConnectivityState.Ready)
        {
            // Whatever the server answered, it answered.
        }
    }

    private static AsyncUnaryCall<byte[]> Start(PooledChannel channel, CancellationToken cancellationToken)
    {
        using (CallScope.Start(ProbeScope.Instance, flows: true))
        {
            return channel.CreateBareInvoker().AsyncUnaryCall(Check, host: null, new CallOptions(cancellationToken: cancellationToken).WithWaitForReady(), []);
        }
    }
}
