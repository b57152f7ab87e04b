using Grpc.Core;

namespace PooledClients.Grpc;

/// <summary>A unary call that may take several attempts.</summary>
internal sealed class RetriedUnaryCall<TRequest, TResponse> : RetriedCall<TResponse>
    where TRequest : class
    where TResponse : class
{
    private readonly CallInvoker _inner;
    private readonly Method<TRequest, TResponse> _method;
    private readonly string? _host;
    private readonly TRequest _request;
    private AsyncUnaryCall<TResponse> _current;
    private Task<TResponse> _response = null!;

    private RetriedUnaryCall(
        CallInvoker inner,
        CallRetrier retrier,
        Method<TRequest, TResponse> method,
        string? host,
        in CallOptions options,
        DeadlineOrigin? origin,
        TRequest request)
        : base(retrier, options, origin)
    {
        _inner = inner;
        _method = method;
        _host = host;
        _request = request;
        using (CallScope.Start(this))
        {
            _current = inner.AsyncUnaryCall(method, host, options, request);
        }
    }

    public static AsyncUnaryCall<TResponse> Start(
        CallInvoker inner,
        CallRetrier retrier,
        Method<TRequest, TResponse> method,
        string? host,
        in CallOptions options,
        DeadlineOrigin? origin,
        TRequest request)
    {
        var call = new RetriedUnaryCall<TRequest, TResponse>(inner, retrier, method, host, options, origin, request);
        call._response = call.RunAsync();
        return new AsyncUnaryCall<TResponse>(
            call._response,
            static call => ((RetriedUnaryCall<TRequest, TResponse>)call).GetHeadersAsync(),
            static call => ((RetriedUnaryCall<TRequest, TResponse>)call).GetStatus(),
            static call => ((RetriedUnaryCall<TRequest, TResponse>)call).GetTrailers(),
            static call => ((RetriedUnaryCall<TRequest, TResponse>)call).Dispose(),
            call);
    }

    protected override void StartAttempt(CallOptions options) =>
        Volatile.Write(ref _current, _inner.AsyncUnaryCall(_method, _host, options, _request));

    protected override Task<TResponse> FinishAttemptAsync() => _current.ResponseAsync;

    protected override void DisposeAttempt() => Volatile.Read(ref _current).Dispose();

    private async Task<TResponse> RunAsync()
    {
        RpcException failure;
        try
        {
            return await _current.ResponseAsync.ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            failure = e;
        }

        return await GoOnAsync(failure).ConfigureAwait(false);
    }

    private async Task<Metadata> GetHeadersAsync()
    {
        if (!await TryCommitByHeadersAsync(Volatile.Read(ref _current).ResponseHeadersAsync).ConfigureAwait(false))
        {
            await ((Task)_response).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return await _current.ResponseHeadersAsync.ConfigureAwait(false);
    }

    private Status GetStatus() => Ended?.Status ?? _current.GetStatus();

    private Metadata GetTrailers() => Ended?.Trailers ?? _current.GetTrailers();
}
