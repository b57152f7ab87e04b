namespace PooledClients.Connections.Wire;

/// <summary>
/// The plaintext of an HTTP/2 connection as the runtime reads and writes it, with its frames followed in both directions. It reads at
/// the <see cref="ReadPace"/>.
/// </summary>
internal sealed class ObservedStream(Stream inner, ReadPace pace, ConnectionFrames frames) : PassingStream(inner)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => pace.ReadAsync(Inner, buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        frames.Sent(buffer.Span);
        return Inner.WriteAsync(buffer, cancellationToken);
    }

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            frames.End();
        }

        base.Dispose(disposing);
    }
}
