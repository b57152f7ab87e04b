using System.Collections.Concurrent;
using Grpc.Core;
using Grpc.Core.Interceptors;

namespace PooledClients.IntegrationTests.Grpc;

/// <summary>A server interceptor that answers each call with a header and a trailer and keeps the ambient deadline it saw.</summary>
internal sealed class ServerProbe(ConcurrentQueue<(string Method, DateTime? Ambient, DateTime Inbound)> seen) : Interceptor
{
    public override async Task<TResponse> UnaryServerHandler<TRequest, TResponse>(
        TRequest request, ServerCallContext context, UnaryServerMethod<TRequest, TResponse> continuation)
    {
        await SeeAsync(context);
        return await continuation(request, context);
    }

    public override async Task<TResponse> ClientStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream, ServerCallContext context, ClientStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await SeeAsync(context);
        return await continuation(requestStream, context);
    }

    public override async Task ServerStreamingServerHandler<TRequest, TResponse>(
        TRequest request, IServerStreamWriter<TResponse> responseStream, ServerCallContext context, ServerStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await SeeAsync(context);
        await continuation(request, responseStream, context);
    }

    public override async Task DuplexStreamingServerHandler<TRequest, TResponse>(
        IAsyncStreamReader<TRequest> requestStream,
        IServerStreamWriter<TResponse> responseStream,
        ServerCallContext context,
        DuplexStreamingServerMethod<TRequest, TResponse> continuation)
    {
        await SeeAsync(context);
        await continuation(requestStream, responseStream, context);
    }

    private async Task SeeAsync(ServerCallContext context)
    {
        seen.Enqueue((context.Method, CallDeadline.Current, context.Deadline));
        context.ResponseTrailers.Add("probe-trailer", "2");
        await context.WriteResponseHeadersAsync(new Metadata { { "probe-header", "1" } });
    }
}
