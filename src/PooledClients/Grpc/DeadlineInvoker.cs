using System.Collections.Concurrent;
using Grpc.Core;

namespace PooledClients.Grpc;

/// <summary>Gives each call that brings none a deadline and a wait-for-ready of its own: the stub's, the method's or the client's.</summary>
internal sealed class DeadlineInvoker(
    CallInvoker inner, GrpcTransportHandler handler, PooledGrpcClientOptions options, TimeSpan? stubDeadline, TimeProvider timeProvider) : CallInvoker
{
    private readonly ConcurrentDictionary<IMethod, GrpcMethodOptions?> _methods = new();

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.BlockingUnaryCall(method, host, Apply(method, options), request);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.AsyncUnaryCall(method, host, Apply(method, options), request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.AsyncServerStreamingCall(method, host, Apply(method, options), request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        => inner.AsyncClientStreamingCall(method, host, Apply(method, options));

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        => inner.AsyncDuplexStreamingCall(method, host, Apply(method, options));

    private CallOptions Apply(IMethod method, CallOptions callOptions)
    {
        var own = options.Methods.Count == 0 ? null : _methods.GetOrAdd(method, static (method, options) =>
            options.Methods.TryGetValue($"{method.ServiceName}/{method.Name}", out var full) ? full
            : options.Methods.TryGetValue(method.Name, out var bare) ? bare : null, options);
        if (method.Type != MethodType.Unary)
        {
            handler.LearnStreaming(method);
        }

        if (callOptions.Deadline is null
            && (stubDeadline ?? own?.Deadline ?? (method.Type == MethodType.Unary ? options.Deadline : options.StreamingDeadline)) is { } deadline
            && deadline != Timeout.InfiniteTimeSpan)
        {
            callOptions = callOptions.WithDeadline(timeProvider.GetUtcNow().UtcDateTime + deadline);
        }

        return callOptions.IsWaitForReady || !(own?.WaitForReady ?? options.WaitForReady) ? callOptions : callOptions.WithWaitForReady();
    }
}
