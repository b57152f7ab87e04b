using Grpc.Core;
using Grpc.Core.Interceptors;

namespace PooledClients;

/// <summary>
/// A server interceptor that makes the deadline and the cancellation of the inbound call ambient (<see cref="CallDeadline"/>), so
/// that the calls which a service makes through pooled clients end with the call it serves. All four kinds of calls.
/// </summary>
/// <example><c>services.AddGrpc(o => o.Interceptors.Add&lt;CallDeadlineInterceptor&gt;());</c></example>
public sealed class CallDeadlineInterceptor : Interceptor
{
    /// <inheritdoc/>
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        using (Begin(context))
        {
            return await continuation(request, context).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        using (Begin(context))
        {
            return await continuation(requestStream, context).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        using (Begin(context))
        {
            await continuation(request, responseStream, context).ConfigureAwait(false);
        }
    }

    /// <inheritdoc/>
    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        ArgumentNullException.ThrowIfNull(continuation);
        using (Begin(context))
        {
            await continuation(requestStream, responseStream, context).ConfigureAwait(false);
        }
    }

    private static IDisposable Begin(ServerCallContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var deadline = context.Deadline;
        return CallDeadline.Begin(
            deadline == DateTime.MaxValue ? deadline : deadline.ToUniversalTime(), context.CancellationToken);
    }
}
