using Grpc.Core;

namespace PooledClients.Tests.Grpc;

/// <summary>A channel whose unary calls were made beforehand, so that a call through it allocates nothing of its own.</summary>
internal sealed class PreparedInvoker<TAnswer>(int calls, TAnswer answer) : CallInvoker
    where TAnswer : class
{
    private readonly TaskCompletionSource<TAnswer>[] _answers = [.. Enumerable.Range(0, calls).Select(_ => new TaskCompletionSource<TAnswer>())];
    private AsyncUnaryCall<TAnswer>[]? _calls;
    private int _made;

    public CallOptions Options { get; private set; }

    /// <summary>Answers the call that was made last, on this thread.</summary>
    public void Answer() => _answers[_made - 1].SetResult(answer);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
    {
        Options = options;
        _calls ??= [.. _answers.Select(answer => new AsyncUnaryCall<TAnswer>(
            answer.Task, Task.FromResult(new Metadata()), () => Status.DefaultSuccess, () => [], () => { }))];
        return (AsyncUnaryCall<TResponse>)(object)_calls[_made++];
    }

    public override TResponse BlockingUnaryCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request) => throw new NotSupportedException();

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options) => throw new NotSupportedException();
}
