using System.Text;
using PooledClients.TestBed.Streams;

namespace PooledClients.IntegrationTests.Http.Conformance.Sending;

/// <summary>A stream that knows neither its length nor a way back, a few bytes a read.</summary>
internal sealed class OneWayStream(string text) : ReadingStream
{
    private readonly MemoryStream _inner = new(Encoding.ASCII.GetBytes(text));

    /// <summary>Gets whether it was disposed.</summary>
    public bool IsDisposed { get; private set; }

    /// <summary>Gets what is thrown once all is read, instead of the end.</summary>
    public Exception? Fails { get; init; }

    public override int Read(byte[] buffer, int offset, int count)
    {
        var read = _inner.Read(buffer, offset, Math.Min(count, 3));
        return read == 0 && Fails is not null ? throw Fails : read;
    }

    protected override void Dispose(bool disposing)
    {
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
