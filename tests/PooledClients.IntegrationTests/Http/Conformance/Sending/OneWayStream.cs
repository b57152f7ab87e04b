using System.Text;

namespace PooledClients.IntegrationTests.Http.Conformance.Sending;

/// <summary>A stream that knows neither its length nor a way back, a few bytes a read.</summary>
internal sealed class OneWayStream(string text) : Stream
{
    private readonly MemoryStream _inner = new(Encoding.ASCII.GetBytes(text));

    /// <summary>Gets whether it was disposed.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Gets what is thrown once all is read, instead of the end.</summary>
    public Exception? Fails { get; init; }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = _inner.Read(buffer, offset, Math.Min(count, 3));
        return read == 0 && Fails is not null ? throw Fails : read;
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
