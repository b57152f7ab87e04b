using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace PooledClients.Connections.Wire;

/// <summary>
/// Reads the server's first SETTINGS frame as it passes (RFC 9113, section 6.5): the runtime keeps the stream limit in it to itself,
/// and the address needs it to know how many calls a connection carries. It tells when the runtime asks for what comes after the frame,
/// and so knows the limit itself. From then on it reads at the <see cref="ReadPace"/>.
/// </summary>
internal sealed class SettingsStream(Stream inner, ReadPace pace, Action<int> learn) : Stream
{
    private const int EntryLength = 6;
    private const ushort MaxConcurrentStreams = 3;

    // Sixty-four settings; a server that sends more keeps its limit to itself.
    private const int LongestFrame = Http2Frame.HeaderLength + (64 * EntryLength);

    // The bytes of the first frame so far; null once it was seen, or turned out to be something else.
    private volatile List<byte>? _frame = [];
    private int? _limit;
    private volatile bool _isOver;

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => _isOver ? pace.ReadAsync(inner, buffer, cancellationToken) : ReadFrameAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        => _frame is null ? inner.WriteAsync(buffer, cancellationToken) : WriteBeforeFrameAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadFrameAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        if (_frame is null)
        {
            _isOver = true;
            if (_limit is { } limit)
            {
                learn(limit);
            }

            return await pace.ReadAsync(inner, buffer, cancellationToken).ConfigureAwait(false);
        }

        int read;
        try
        {
            read = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is IOException or ObjectDisposedException)
        {
            throw new EndedBeforeSettingsException(exception);
        }

        if (_frame is { } frame)
        {
            if (read == 0 && !buffer.IsEmpty)
            {
                throw new EndedBeforeSettingsException(cause: null);
            }

            foreach (var value in buffer.Span[..read])
            {
                frame.Add(value);
                if (IsComplete(frame))
                {
                    _frame = null;
                    break;
                }
            }
        }

        pace.Passed(buffer.Span[..read]);
        return read;
    }

    // A write may be the first to see the end of the connection, whose error tells nothing of how far the connection had come.
    private async ValueTask WriteBeforeFrameAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (_frame is not null && exception is IOException or ObjectDisposedException)
        {
            throw new EndedBeforeSettingsException(exception);
        }
    }

    private bool IsComplete(List<byte> frame)
    {
        if (frame.Count < Http2Frame.HeaderLength)
        {
            return false;
        }

        var bytes = CollectionsMarshal.AsSpan(frame);
        var length = Http2Frame.PayloadLength(bytes);
        if (Http2Frame.Type(bytes) != Http2Frame.Settings || Http2Frame.HeaderLength + length > LongestFrame)
        {
            return true;
        }

        if (frame.Count < Http2Frame.HeaderLength + length)
        {
            return false;
        }

        // A server that names no limit has none.
        var limit = int.MaxValue;
        for (var offset = Http2Frame.HeaderLength; offset + EntryLength <= frame.Count; offset += EntryLength)
        {
            var entry = bytes.Slice(offset, EntryLength);
            if (BinaryPrimitives.ReadUInt16BigEndian(entry) == MaxConcurrentStreams)
            {
                limit = (int)Math.Min(BinaryPrimitives.ReadUInt32BigEndian(entry[2..]), int.MaxValue);
            }
        }

        _limit = limit;
        return true;
    }
}
