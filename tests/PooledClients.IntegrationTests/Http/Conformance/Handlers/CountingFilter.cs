namespace PooledClients.IntegrationTests.Http.Conformance.Handlers;

/// <summary>A plaintext filter that counts what passes through it.</summary>
internal sealed class CountingFilter
{
    private int _connections;
    private long _read;
    private long _written;

    public void Reset() => _connections = (int)(_read = _written = 0);

    public Stream Around(Stream stream)
    {
        Interlocked.Increment(ref _connections);
        return new Counted(stream, this);
    }

    public override string ToString() => $"{_connections} connections, bytes {_read > 0} {_written > 0}";

    private sealed class Counted(Stream inner, CountingFilter filter) : PassingStream(inner)
    {
        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await base.ReadAsync(buffer, cancellationToken);
            Interlocked.Add(ref filter._read, read);
            return read;
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Interlocked.Add(ref filter._written, buffer.Length);
            return base.WriteAsync(buffer, cancellationToken);
        }
    }
}
