using Grpc.Core;

namespace PooledClients.Tests.Grpc;

/// <summary>A channel whose unary calls cannot even be made from one of them on.</summary>
internal sealed class FailingInvoker(CallInvoker inner, int from, Exception cause) : CallInvoker
{
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _calls;

    /// <summary>Gets the end of the first that could not be made.</summary>
    public Task Failed => _failed.Task;

    /// <summary>Gets the options of the last call.</summary>
    public CallOptions Last { get; private set; }

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        Fail(options);
        return inner.AsyncUnaryCall(method, host, options, request);
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        Fail(options);
        return inner.AsyncServerStreamingCall(method, host, options, request);
    }

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Fail(options);
        return inner.AsyncClientStreamingCall(method, host, options);
    }

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
    {
        Fail(options);
        return inner.AsyncDuplexStreamingCall(method, host, options);
    }

    private void Fail(CallOptions options)
    {
        Last = options;
        if (Interlocked.Increment(ref _calls) >= from)
        {
            _failed.TrySetResult();
            throw cause;
        }
    }
}
