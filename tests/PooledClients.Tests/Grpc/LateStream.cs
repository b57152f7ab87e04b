using PooledClients.TestBed.Streams;

namespace PooledClients.Tests.Grpc;

/// <summary>A response body whose first byte comes when told.</summary>
internal sealed class LateStream(Task signal, Stream inner) : ReadingStream
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        await signal.WaitAsync(cancellationToken);
        return await inner.ReadAsync(buffer, cancellationToken);
    }
}
