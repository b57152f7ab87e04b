namespace PooledClients.Connections.Wire;

/// <summary>The plaintext of an HTTP/2 connection of the runtime's own pool, which reads at the <see cref="ReadPace"/>.</summary>
internal sealed class PacedStream(Stream inner, ReadPace pace) : PassingStream(inner)
{
    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => pace.ReadAsync(Inner, buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
}
