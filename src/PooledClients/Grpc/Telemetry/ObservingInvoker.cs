using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>Observes each of the channel's calls that one call is made of: hedges, or the attempts of a stream.</summary>
internal sealed class ObservingInvoker(CallInvoker inner, ObservedCall whole, bool flows) : CallInvoker
{
    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        var child = whole.Child();
        AsyncUnaryCall<TResponse> call;
        using (ObservedCall.Enter(child, flows))
        {
            call = inner.AsyncUnaryCall(method, host, options, request);
        }

        CallFollower.Follow(child, call.ResponseAsync);
        return call;
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        using (ObservedCall.Enter(whole.Child(), flows))
        {
            return inner.AsyncServerStreamingCall(method, host, options, request);
        }
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) =>
        inner.BlockingUnaryCall(method, host, options, request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => inner.AsyncClientStreamingCall(method, host, options);

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => inner.AsyncDuplexStreamingCall(method, host, options);
}
