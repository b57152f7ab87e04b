using Grpc.Core;
using PooledClients.Grpc.Deadlines;

namespace PooledClients.Grpc.Retries;

/// <summary>
/// A server stream that may take several attempts before its headers. Attempts are driven by whoever waits: a read, or
/// a wait for the headers.
/// </summary>
internal sealed class RetriedServerStream<TRequest, TResponse> : RetriedCall, IAsyncStreamReader<TResponse>
    where TRequest : class
    where TResponse : class
{
    private static readonly Action<object?> CancelCall = static call =>
        ((RetriedServerStream<TRequest, TResponse>)call!).Cancel("Call canceled by the client.");

    private readonly CallInvoker _inner;
    private readonly Method<TRequest, TResponse> _method;
    private readonly string? _host;
    private readonly TRequest _request;
    private readonly Lock _lock = new();
    private AsyncServerStreamingCall<TResponse> _current;
    private Task<bool>? _first;
    private TaskCompletionSource? _headersAsked;
    private bool _firstTaken;

    private RetriedServerStream(
        CallInvoker inner,
        CallRetrier retrier,
        Method<TRequest, TResponse> method,
        string? host,
        in CallOptions options,
        DeadlineOrigin? origin,
        TRequest request,
        in SeveralCalls facts)
        : base(retrier, options, origin, facts)
    {
        _inner = inner;
        _method = method;
        _host = host;
        _request = request;
        try
        {
            using (CallScope.Start(this, facts.Flows))
            {
                _current = inner.AsyncServerStreamingCall(method, host, options, request);
            }
        }
        catch (Exception exception) when (Account?.Failed(exception) == true)
        {
            // It only looks.
            throw;
        }
    }

    public TResponse Current => Volatile.Read(ref _current).ResponseStream.Current;

    public static AsyncServerStreamingCall<TResponse> Start(
        CallInvoker inner,
        CallRetrier retrier,
        Method<TRequest, TResponse> method,
        string? host,
        in CallOptions options,
        DeadlineOrigin? origin,
        TRequest request,
        in SeveralCalls facts)
    {
        var call = new RetriedServerStream<TRequest, TResponse>(inner, retrier, method, host, options, origin, request, facts);
        return new AsyncServerStreamingCall<TResponse>(
            call,
            static call => ((RetriedServerStream<TRequest, TResponse>)call).GetHeadersAsync().Observed(),
            static call => ((RetriedServerStream<TRequest, TResponse>)call).GetStatus(),
            static call => ((RetriedServerStream<TRequest, TResponse>)call).GetTrailers(),
            static call => ((RetriedServerStream<TRequest, TResponse>)call).Dispose(),
            call);
    }

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        if (_firstTaken)
        {
            return Thrown is { } end ? Task.FromException<bool>(end) : _current.ResponseStream.MoveNext(cancellationToken);
        }

        return TakeFirstAsync(StartReading(cancellationToken), cancellationToken);
    }

    protected override void StartAttempt(CallOptions options) =>
        Volatile.Write(ref _current, _inner.AsyncServerStreamingCall(_method, _host, options, _request));

    protected override async Task<bool> FinishAttemptAsync()
    {
        var attempt = _current;
        if (Volatile.Read(ref _headersAsked) is not null)
        {
            await CommitByHeadersAsync(attempt).ConfigureAwait(false);
        }

        return await ReadFirstOfAsync(attempt, CancellationToken.None).ConfigureAwait(false);
    }

    protected override void DisposeAttempt() => Volatile.Read(ref _current).Dispose();

    private Task<bool> StartReading(CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            return _first ??= ReadFirstAsync(cancellationToken);
        }
    }

    private async Task<bool> TakeFirstAsync(Task<bool> first, CancellationToken cancellationToken)
    {
        // A read that is cancelled cancels its call, as on any gRPC stream.
        using (first.IsCompleted ? default : cancellationToken.UnsafeRegister(CancelCall, this))
        {
            try
            {
                return await first.ConfigureAwait(false);
            }
            finally
            {
                _firstTaken = true;
            }
        }
    }

    private async Task<bool> ReadFirstAsync(CancellationToken cancellationToken)
    {
        try
        {
            RpcException failure;
            try
            {
                return await ReadFirstOfAsync(_current, cancellationToken).ConfigureAwait(false);
            }
            catch (RpcException e)
            {
                failure = e;
            }

            return await GoOnAsync(failure).ConfigureAwait(false);
        }
        catch (Exception exception) when (Account?.Failed(exception) == true)
        {
            // It only looks.
            throw;
        }
    }

    private async Task<bool> ReadFirstOfAsync(AsyncServerStreamingCall<TResponse> attempt, CancellationToken cancellationToken)
    {
        var any = await attempt.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false);
        TryCommit();
        return any;
    }

    private async Task<Metadata> GetHeadersAsync()
    {
        // Told before the current attempt is looked at, so that an attempt which starts from now on is committed by its headers.
        var committed = Interlocked.CompareExchange(
            ref _headersAsked, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously), null) ?? _headersAsked;

        if (!await CommitByHeadersAsync(Volatile.Read(ref _current)).ConfigureAwait(false))
        {
            var first = StartReading(CancellationToken.None);
            await Task.WhenAny(committed.Task, first).ConfigureAwait(false);
            _ = first.Exception;
        }

        return await _current.ResponseHeadersAsync.ConfigureAwait(false);
    }

    private async ValueTask<bool> CommitByHeadersAsync(AsyncServerStreamingCall<TResponse> attempt)
    {
        if (!await TryCommitByHeadersAsync(attempt.ResponseHeadersAsync).ConfigureAwait(false))
        {
            return false;
        }

        _headersAsked!.TrySetResult();
        return true;
    }

    private Status GetStatus() => Ended?.Status ?? _current.GetStatus();

    private Metadata GetTrailers() => Ended?.Trailers ?? _current.GetTrailers();
}
