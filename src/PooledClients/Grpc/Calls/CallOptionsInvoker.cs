using Grpc.Core;

namespace PooledClients.Grpc.Calls;

/// <summary>Adds the client's call credentials to each call and applies what the builder was told of call options.</summary>
internal sealed class CallOptionsInvoker(CallInvoker inner, IReadOnlyList<CallCredentials> credentials, IReadOnlyList<Func<CallOptions, CallOptions>> configure)
    : CallInvoker
{
    public override TResponse BlockingUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.BlockingUnaryCall(method, host, Apply(options), request);

    public override AsyncUnaryCall<TResponse> AsyncUnaryCall<TRequest, TResponse>(Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.AsyncUnaryCall(method, host, Apply(options), request);

    public override AsyncServerStreamingCall<TResponse> AsyncServerStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options, TRequest request)
        => inner.AsyncServerStreamingCall(method, host, Apply(options), request);

    public override AsyncClientStreamingCall<TRequest, TResponse> AsyncClientStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        => inner.AsyncClientStreamingCall(method, host, Apply(options));

    public override AsyncDuplexStreamingCall<TRequest, TResponse> AsyncDuplexStreamingCall<TRequest, TResponse>(
        Method<TRequest, TResponse> method, string? host, CallOptions options)
        => inner.AsyncDuplexStreamingCall(method, host, Apply(options));

    private CallOptions Apply(CallOptions options)
    {
        foreach (var change in configure)
        {
            options = change(options);
        }

        foreach (var credential in credentials)
        {
            options = options.WithCredentials(options.Credentials is { } own ? CallCredentials.Compose(own, credential) : credential);
        }

        return options;
    }
}
