using Grpc.Core;

namespace PooledClients.Grpc.Telemetry;

/// <summary>Reads a stream that may take several attempts on behalf of the one call that they are, which ends when there is no more to read.</summary>
internal sealed class ObservedReader<T> : IAsyncStreamReader<T>
{
    private readonly AsyncServerStreamingCall<T> _call;
    private readonly ObservedCall _whole;

    private ObservedReader(AsyncServerStreamingCall<T> call, ObservedCall whole)
    {
        _call = call;
        _whole = whole;
    }

    public T Current => _call.ResponseStream.Current;

    // Headers, status and trailers stay the inner call's, asked for when the caller asks.
    public static AsyncServerStreamingCall<T> Wrap(AsyncServerStreamingCall<T> call, ObservedCall whole) => new(
        new ObservedReader<T>(call, whole),
        static reader => ((ObservedReader<T>)reader)._call.ResponseHeadersAsync,
        static reader => ((ObservedReader<T>)reader)._call.GetStatus(),
        static reader => ((ObservedReader<T>)reader)._call.GetTrailers(),
        static reader => ((ObservedReader<T>)reader).Dispose(),
        new ObservedReader<T>(call, whole));

    public async Task<bool> MoveNext(CancellationToken cancellationToken)
    {
        try
        {
            if (await _call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false))
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
            return _call.GetStatus().StatusCode;
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
