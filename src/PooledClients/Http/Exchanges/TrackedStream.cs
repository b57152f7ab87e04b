using System.Runtime.CompilerServices;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges;

/// <summary>
/// The body of a response: each read ends at the exchange's deadline or idle-read timeout, and the last byte ends the exchange,
/// disposed or not. Otherwise, and after the exchange's end, it is what the transport's stream is.
/// </summary>
internal sealed class TrackedStream : Stream
{
    private readonly Stream _inner;
    private readonly TrackedContent _content;
    private readonly HttpExchange _exchange;
    private readonly TimeSpan? _readTimeout;
    private readonly bool _isStreamOfMany;

    // The runtime copies it to its own buffer: what is buffered keeps the exchange's deadline.
    private bool _isBuffered;

    // The transport takes its connection back with the last byte that was announced, not with the read that finds the end.
    private long _left;

    public TrackedStream(Stream inner, TrackedContent content, ResponseBody body)
    {
        _inner = inner;
        _content = content;
        _exchange = content.Exchange;
        _readTimeout = _exchange.Owner.Options.IdleReadTimeout;
        _isStreamOfMany = body.IsStreamOfMany;
        _left = content.Headers.NonValidated.TryGetValues("Content-Length", out var values) && long.TryParse(values.ToString(), out var length) && length > 0
            ? length
            : long.MaxValue;
    }

    public override bool CanRead => _inner.CanRead;

    public override bool CanSeek => _inner.CanSeek;

    public override bool CanWrite => false;

    public override long Length => _inner.Length;

    public override long Position
    {
        get => _inner.Position;
        set => _inner.Position = value;
    }

    public override int Read(byte[] buffer, int offset, int count)
    {
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override int Read(Span<byte> buffer)
    {
        if (!BeginRead())
        {
            return _inner.Read(buffer);
        }

        try
        {
            // No token reaches a synchronous read: the abort's dispose ends it.
            return Arrived(_inner.Read(buffer), buffer.Length);
        }
        catch (Exception exception)
        {
            ThrowFailure(exception, CancellationToken.None);
            throw;
        }
        finally
        {
            _exchange.EndRead();
        }
    }

    public override IAsyncResult BeginRead(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state)
        => TaskToAsyncResult.Begin(ReadAsync(buffer, offset, count, CancellationToken.None), callback, state);

    public override int EndRead(IAsyncResult asyncResult) => TaskToAsyncResult.End<int>(asyncResult);

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => cancellationToken.IsCancellationRequested || IsOver ? _inner.ReadAsync(buffer, cancellationToken) : ReadOpenAsync(buffer, cancellationToken);

    public override void CopyTo(Stream destination, int bufferSize)
    {
        ValidateCopyToArguments(destination, bufferSize);
        _isBuffered |= RuntimeContracts.IsBuffer(destination);
        base.CopyTo(destination, bufferSize);
    }

    public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);
        if (cancellationToken.IsCancellationRequested || IsOver)
        {
            return _inner.CopyToAsync(destination, bufferSize, cancellationToken);
        }

        // Read by read where reads are limited, for only then is it known which of them got nothing.
        _isBuffered |= RuntimeContracts.IsBuffer(destination);
        return _readTimeout is not null || (!_isBuffered && _exchange.IsStreamTimed)
            ? base.CopyToAsync(destination, bufferSize, cancellationToken)
            : CopyOpenToAsync(destination, bufferSize, cancellationToken);
    }

    public override void Flush() => _inner.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => _inner.FlushAsync(cancellationToken);

    public override long Seek(long offset, SeekOrigin origin) => _inner.Seek(offset, origin);

    public override void SetLength(long value) => _inner.SetLength(value);

    public override void Write(byte[] buffer, int offset, int count) => _inner.Write(buffer, offset, count);

    public override void Write(ReadOnlySpan<byte> buffer) => _inner.Write(buffer);

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => _inner.WriteAsync(buffer, offset, count, cancellationToken);

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => _inner.WriteAsync(buffer, cancellationToken);

    public override IAsyncResult BeginWrite(byte[] buffer, int offset, int count, AsyncCallback? callback, object? state)
        => _inner.BeginWrite(buffer, offset, count, callback, state);

    public override void EndWrite(IAsyncResult asyncResult) => _inner.EndWrite(asyncResult);

    // Once the body is over there is nothing to wait for.
    public override ValueTask DisposeAsync() => _exchange.End == ExchangeEnd.None ? DisposeOpenAsync() : base.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Close();
            _content.Complete();
        }

        base.Dispose(disposing);
    }

    private bool IsOver => _exchange.End == ExchangeEnd.Completed;

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadOpenAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var isOpen = BeginRead();
        var cancellation = OnCancel(cancellationToken);
        try
        {
            var count = await _inner.ReadAsync(buffer, isOpen ? TokenFor(cancellationToken) : cancellationToken).ConfigureAwait(false);
            return Arrived(count, buffer.Length);
        }
        catch (Exception exception)
        {
            ThrowFailure(exception, cancellationToken);
            throw;
        }
        finally
        {
            cancellation.Unregister();
            if (isOpen)
            {
                _exchange.EndRead();
            }
        }
    }

    private async Task CopyOpenToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        var isOpen = BeginRead();
        var cancellation = OnCancel(cancellationToken);
        try
        {
            await _inner.CopyToAsync(destination, bufferSize, isOpen ? TokenFor(cancellationToken) : cancellationToken).ConfigureAwait(false);
            ThrowIfCutOff();
            _content.Complete();
        }
        catch (Exception exception)
        {
            // It may be the destination that failed, and the body is then still open.
            ThrowFailure(exception, cancellationToken, isOver: exception is HttpIOException);
            throw;
        }
        finally
        {
            cancellation.Unregister();
            if (isOpen)
            {
                _exchange.EndRead();
            }
        }
    }

    private async ValueTask DisposeOpenAsync()
    {
        await _inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    // Where a connection carries this body alone, the exchange's own token ends a read, for its cancellation alone closes the connection at
    // once; the caller's leads there. A stream among many ends when it is disposed, and outlives a read that was cancelled.
    private CancellationToken TokenFor(CancellationToken cancellationToken) => _isStreamOfMany ? cancellationToken : _exchange.Token;

    private CancellationTokenRegistration OnCancel(CancellationToken cancellationToken)
        => _isStreamOfMany || !cancellationToken.CanBeCanceled
            ? default
            : cancellationToken.UnsafeRegister(static exchange => ((HttpExchange)exchange!).CancelWaits(), _exchange);

    /// <returns>Whether the exchange is open; when it has ended well, the transport's stream knows what there is to say.</returns>
    private bool BeginRead()
    {
        if (ExchangeErrors.Of(_exchange, cause: null) is { } ended)
        {
            throw ended;
        }

        if (_exchange.End != ExchangeEnd.None)
        {
            return false;
        }

        if (!_isBuffered)
        {
            _exchange.BeginStream();
        }

        _exchange.BeginRead(_readTimeout);
        return true;
    }

    private int Arrived(int count, int asked)
    {
        _left -= count;
        var isEnd = count == 0 && asked > 0;
        if (isEnd)
        {
            ThrowIfCutOff();
        }

        if (_left == 0 || isEnd)
        {
            _content.Complete();
        }

        return count;
    }

    // An HTTP/1.1 body that is disposed just as a read of it begins looks like one that is over.
    private void ThrowIfCutOff()
    {
        if (_exchange.End is not (ExchangeEnd.None or ExchangeEnd.Completed))
        {
            throw new OperationCanceledException("The exchange was aborted while its body was read.", _exchange.Token);
        }
    }

    private void ThrowFailure(Exception exception, CancellationToken cancellationToken, bool isOver = true)
    {
        if (ExchangeErrors.Of(_exchange, exception) is { } ended)
        {
            throw ended;
        }

        var isCancelled = exception is OperationCanceledException && cancellationToken.IsCancellationRequested;
        if (isCancelled ? !_isStreamOfMany : isOver)
        {
            _content.Complete();
        }

        if (isCancelled)
        {
            throw ExchangeErrors.Cancelled((OperationCanceledException)exception, cancellationToken);
        }
    }
}
