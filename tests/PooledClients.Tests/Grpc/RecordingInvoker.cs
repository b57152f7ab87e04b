using Grpc.Core;

namespace PooledClients.Tests.Grpc;

/// <summary>A channel that keeps the options it was called with, and never answers.</summary>
internal sealed class RecordingInvoker : CallInvoker
{
    public List<CallOptions> Calls { get; } = [];

    public CallOptions Last => Calls[^1];

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        Calls.Add(options);
        return new AsyncUnaryCall<TResponse>(
            new TaskCompletionSource<TResponse>().Task, new TaskCompletionSource<Metadata>().Task, () => default, () => [], () => { });
    }

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        Calls.Add(options);
        return new AsyncServerStreamingCall<TResponse>(
            null!, new TaskCompletionSource<Metadata>().Task, () => default, () => [], () => { });
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Calls.Add(options);
        return new AsyncClientStreamingCall<TRequest, TResponse>(
            null!, new TaskCompletionSource<TResponse>().Task, new TaskCompletionSource<Metadata>().Task, () => default, () => [], () => { });
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Calls.Add(options);
        return new AsyncDuplexStreamingCall<TRequest, TResponse>(
            null!, null!, new TaskCompletionSource<Metadata>().Task, () => default, () => [], () => { });
    }
}
