using Grpc.Core;

namespace PooledClients.Grpc.Streams;

/// <summary>A call's writer, which keeps the call from being taken for forgotten.</summary>
internal sealed class HeldWriter<T>(IClientStreamWriter<T> inner, CallHandle handle) : IClientStreamWriter<T>
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

    public Task CompleteAsync() => inner.CompleteAsync();
}
