using Grpc.Core;

namespace PooledClients.Grpc.Streams;

/// <summary>A call's writer, which keeps the call from being taken for forgotten.</summary>
/// <param name="inner">The writer.</param>
/// <param name="handle">What keeps the call.</param>
/// <param name="isAll">Whether its caller has no more to do than to write: from its end on it is the server's turn, which then ends the call.</param>
internal sealed class HeldWriter<T>(IClientStreamWriter<T> inner, CallHandle handle, bool isAll) : IClientStreamWriter<T>
{
    /// <summary>What keeps the call alive for as long as its writer is held.</summary>
    public CallHandle Handle => handle;

    public WriteOptions? WriteOptions
    {
        get => inner.WriteOptions;
        set => inner.WriteOptions = value;
    }

    public Task WriteAsync(T message) => inner.WriteAsync(message);

    public Task WriteAsync(T message, CancellationToken cancellationToken) => inner.WriteAsync(message, cancellationToken);

    public Task CompleteAsync()
    {
        var completing = inner.CompleteAsync();
        if (isAll && !completing.IsFaulted)
        {
            handle.End();
        }

        return completing;
    }
}
