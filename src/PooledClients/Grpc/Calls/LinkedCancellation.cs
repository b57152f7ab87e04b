using Grpc.Core;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.Calls;

/// <summary>
/// Cancels a call with its own token and with the ambient one. Either may live for long, so it lets go of both as soon as the call
/// has ended.
/// </summary>
internal sealed class LinkedCancellation(CancellationToken own, CancellationToken ambient) : IDisposable
{
    private readonly CancellationTokenSource _source = CancellationTokenSource.CreateLinkedTokenSource(own, ambient);

    public CancellationToken Token => _source.Token;

    public void Dispose() => _source.Dispose();

    public void DisposeAfter(Task response) => response.ContinueWith(
        static (_, linked) => ((LinkedCancellation)linked!).Dispose(),
        this,
        CancellationToken.None,
        TaskContinuationOptions.ExecuteSynchronously,
        TaskScheduler.Default);

    // Headers, status and trailers stay the inner call's, asked for when the caller asks: asking commits a retried call.
    public AsyncServerStreamingCall<TResponse> DisposeWith<TResponse>(AsyncServerStreamingCall<TResponse> call) => new(
        new Reader<TResponse>(call.ResponseStream, this),
        static call => ((AsyncServerStreamingCall<TResponse>)call).ResponseHeadersAsync,
        static call => ((AsyncServerStreamingCall<TResponse>)call).GetStatus(),
        static call => ((AsyncServerStreamingCall<TResponse>)call).GetTrailers(),
        call =>
        {
            ((AsyncServerStreamingCall<TResponse>)call).Dispose();
            Dispose();
        },
        call);

    public AsyncDuplexStreamingCall<TRequest, TResponse> DisposeWith<TRequest, TResponse>(AsyncDuplexStreamingCall<TRequest, TResponse> call) => new(
        call.RequestStream,
        new Reader<TResponse>(call.ResponseStream, this),
        static call => ((AsyncDuplexStreamingCall<TRequest, TResponse>)call).ResponseHeadersAsync,
        static call => ((AsyncDuplexStreamingCall<TRequest, TResponse>)call).GetStatus(),
        static call => ((AsyncDuplexStreamingCall<TRequest, TResponse>)call).GetTrailers(),
        call =>
        {
            ((AsyncDuplexStreamingCall<TRequest, TResponse>)call).Dispose();
            Dispose();
        },
        call);

    private sealed class Reader<T>(IAsyncStreamReader<T> inner, LinkedCancellation linked) : IAsyncStreamReader<T>
    {
        public T Current => inner.Current;

        public async Task<bool> MoveNext(CancellationToken cancellationToken)
        {
            var more = false;
            try
            {
                more = await inner.MoveNext(cancellationToken).ConfigureAwait(false);
                return more;
            }
            finally
            {
                if (!more)
                {
                    linked.Dispose();
                }
            }
        }
    }
}
