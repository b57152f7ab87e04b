using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>
/// Reads a stream on behalf of the call that is observed, which ends when there is no more to read. The handler below the channel tells of the
/// stream's end too, but only if the call has come so far, and is one of the channel's.
/// </summary>
internal sealed class ObservedReader<TRequest, TResponse> : IAsyncStreamReader<TResponse>
{
    private readonly IAsyncStreamReader<TResponse> _inner;
    private readonly IDisposable _call;
    private readonly ObservedCall _whole;

    private ObservedReader(IAsyncStreamReader<TResponse> inner, IDisposable call, ObservedCall whole)
    {
        _inner = inner;
        _call = call;
        _whole = whole;
    }

    public TResponse Current => _inner.Current;

    // Headers, status and trailers stay the inner call's, asked for when the caller asks.
    public static AsyncServerStreamingCall<TResponse> Wrap(AsyncServerStreamingCall<TResponse> call, ObservedCall whole)
    {
        var reader = new ObservedReader<TRequest, TResponse>(call.ResponseStream, call, whole);
        return new(
            reader,
            static reader => Of<AsyncServerStreamingCall<TResponse>>(reader).ResponseHeadersAsync,
            static reader => Of<AsyncServerStreamingCall<TResponse>>(reader).GetStatus(),
            static reader => Of<AsyncServerStreamingCall<TResponse>>(reader).GetTrailers(),
            static reader => ((ObservedReader<TRequest, TResponse>)reader).Dispose(),
            reader);
    }

    public static AsyncDuplexStreamingCall<TRequest, TResponse> Wrap(AsyncDuplexStreamingCall<TRequest, TResponse> call, ObservedCall whole)
    {
        var reader = new ObservedReader<TRequest, TResponse>(call.ResponseStream, call, whole);
        return new(
            call.RequestStream,
            reader,
            static reader => Of<AsyncDuplexStreamingCall<TRequest, TResponse>>(reader).ResponseHeadersAsync,
            static reader => Of<AsyncDuplexStreamingCall<TRequest, TResponse>>(reader).GetStatus(),
            static reader => Of<AsyncDuplexStreamingCall<TRequest, TResponse>>(reader).GetTrailers(),
            static reader => ((ObservedReader<TRequest, TResponse>)reader).Dispose(),
            reader);
    }

    public Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        var read = _inner.MoveNext(cancellationToken);
        return read.IsCompletedSuccessfully && read.Result ? read : FollowAsync(read);
    }

    private static T Of<T>(object reader) => (T)((ObservedReader<TRequest, TResponse>)reader)._call;

    private async Task<bool> FollowAsync(Task<bool> read)
    {
        try
        {
            if (await read.ConfigureAwait(false))
            {
                return true;
            }

            _whole.Ends(StatusCode.OK);
            return false;
        }
        catch (RpcException exception)
        {
            _whole.Ends(exception.StatusCode);
            throw;
        }
        catch (OperationCanceledException)
        {
            _whole.Ends(StatusCode.Cancelled);
            throw;
        }
    }

    // What it has come to already, or else that its caller wants no more of it.
    private StatusCode Status()
    {
        try
        {
            return (_call is AsyncServerStreamingCall<TResponse> stream ? stream.GetStatus() : Of<AsyncDuplexStreamingCall<TRequest, TResponse>>(this).GetStatus()).StatusCode;
        }
        catch (InvalidOperationException)
        {
            return StatusCode.Cancelled;
        }
    }

    private void Dispose()
    {
        var status = Status();
        _call.Dispose();
        _whole.Ends(status);
    }
}
