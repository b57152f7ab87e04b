using System.Runtime.CompilerServices;

namespace PooledClients.Grpc.Telemetry.Sizes;

/// <summary>Passes bytes on and counts those of messages. It is read or written, never both, and by one at a time.</summary>
internal sealed class MeasuredStream(Stream inner, ObservedCall call) : PassingStream(inner)
{
    private MessageSizeCounter _counter;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var reading = Inner.ReadAsync(buffer, cancellationToken);
        return reading.IsCompletedSuccessfully ? new(Count(buffer, reading.Result)) : FinishAsync(reading, buffer);
    }

    public override int Read(byte[] buffer, int offset, int count) => Count(buffer.AsMemory(offset, count), Inner.Read(buffer, offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        call.Sent(_counter.Count(buffer.Span));
        return Inner.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        call.Sent(_counter.Count(buffer.AsSpan(offset, count)));
        Inner.Write(buffer, offset, count);
    }

    private int Count(Memory<byte> buffer, int read)
    {
        call.Received(_counter.Count(buffer.Span[..read]));
        return read;
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> FinishAsync(ValueTask<int> reading, Memory<byte> buffer) => Count(buffer, await reading.ConfigureAwait(false));
}
