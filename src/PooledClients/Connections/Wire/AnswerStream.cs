namespace PooledClients.Connections.Wire;

/// <summary>
/// The plain text of a connection on which our certificate was shown: it tells the connection when the server has said its first word, or
/// that the end came before. After that it only passes on.
/// </summary>
internal sealed class AnswerStream(Stream inner, PooledStream connection) : PassingStream(inner)
{
    private volatile bool _isOver;

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
        _isOver ? Inner.ReadAsync(buffer, cancellationToken) : ReadFirstAsync(buffer, cancellationToken);

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        try
        {
            return Passed(buffer.Length, Inner.Read(buffer));
        }
        catch (IOException exception) when (!_isOver)
        {
            Ended(exception);
            throw;
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        connection.Handshake!.OnAsked();
        Inner.Write(buffer);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        connection.Handshake!.OnAsked();
        return Inner.WriteAsync(buffer, cancellationToken);
    }

    protected override void Dispose(bool disposing)
    {
        // An end of our own making says nothing of the server.
        _isOver = true;
        base.Dispose(disposing);
    }

    private async ValueTask<int> ReadFirstAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        try
        {
            return Passed(buffer.Length, await Inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false));
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
