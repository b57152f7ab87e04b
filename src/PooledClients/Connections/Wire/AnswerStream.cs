namespace PooledClients.Connections.Wire;

/// <summary>
/// The plain text of a connection on which our certificate was shown: it tells the connection when the server has said its first word, or
/// that the end came before. After that it only passes on.
/// </summary>
internal sealed class AnswerStream(Stream inner, PooledStream connection) : Stream
{
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

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isOver ? inner.ReadAsync(buffer, cancellationToken) : ReadFirstAsync(buffer, cancellationToken);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Passed(buffer.Length, inner.Read(buffer));
        }
        catch (IOException exception) when (!_isOver)
        {
            Ended(exception);
            throw;
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        inner.WriteAsync(buffer, cancellationToken);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        inner.WriteAsync(buffer, offset, count, cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => inner.Write(buffer);

    public override void Flush() => inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        // An end of our own making says nothing of the server.
        _isOver = true;
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadFirstAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return Passed(buffer.Length, await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));
        }
        catch (IOException exception) when (!_isOver)
        {
            Ended(exception);
            throw;
        }
    }

    private int Passed(int asked, int read)
    {
        if (read > 0 && !_isOver)
        {
            _isOver = true;
            connection.Handshake!.OnAnswered();
        }
        else if (read == 0 && asked > 0 && !_isOver)
        {
            Ended(cause: null);
        }

        return read;
    }

    private void Ended(IOException? cause)
    {
        _isOver = true;
        connection.OnEnded(cause);
    }
}
