using System.Runtime.CompilerServices;

namespace PooledClients.Http.Exchanges;

/// <summary>
/// The body of a response: each read ends at the exchange's deadline or idle-read timeout, and the last byte ends the exchange,
/// disposed or not.
/// </summary>
internal sealed class TrackedStream : Stream
{
    private readonly Stream _inner;
    private readonly TrackedContent _content;
    private readonly HttpExchange _exchange;
    private readonly TimeSpan? _readTimeout;
    private readonly bool _closesOnCancel;
    private CancellationTokenSource? _linked;
    private CancellationToken _linkedTo;

    // The transport takes its connection back with the last byte that was announced, not with the read that finds the end.
    private long _left;

    public TrackedStream(Stream inner, TrackedContent content, long? length, bool closesOnCancel)
    {
        _inner = inner;
        _content = content;
        _exchange = content.Exchange;
        _readTimeout = _exchange.Route.Client.Options.IdleReadTimeout;
        _closesOnCancel = closesOnCancel;
        _left = length ?? long.MaxValue;
    }

    public override bool CanRead => _inner.CanRead;

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
        ValidateBufferArguments(buffer, offset, count);
        return Read(buffer.AsSpan(offset, count));
    }

    public override int Read(Span<byte> buffer)
    {
        BeginRead();
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

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        ValidateBufferArguments(buffer, offset, count);
        return ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        BeginRead();
        try
        {
            return Arrived(await _inner.ReadAsync(buffer, Link(cancellationToken)).ConfigureAwait(false), buffer.Length);
        }
        catch (Exception exception)
        {
            ThrowFailure(exception, cancellationToken);
            throw;
        }
        finally
        {
            _exchange.EndRead();
        }
    }

    public override async Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);
        if (_readTimeout is not null)
        {
            // Read by read, for only then is it known which of them got nothing.
            await base.CopyToAsync(destination, bufferSize, cancellationToken).ConfigureAwait(false);
            return;
        }

        BeginRead();
        try
        {
            await _inner.CopyToAsync(destination, bufferSize, Link(cancellationToken)).ConfigureAwait(false);
            ThrowIfCutOff();
            End();
        }
        catch (Exception exception)
        {
            // It may be the destination that failed, and the body is then still open.
            ThrowFailure(exception, cancellationToken, isOver: exception is HttpIOException);
            throw;
        }
        finally
        {
            _exchange.EndRead();
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    // Once the body is over there is nothing to wait for.
    public override ValueTask DisposeAsync() => _exchange.End == ExchangeEnd.None ? DisposeOpenAsync() : base.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _content.Close();
            End();
        }

        base.Dispose(disposing);
    }

    private async ValueTask DisposeOpenAsync()
    {
        await _inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    private void BeginRead()
    {
        if (_exchange.ToException(cause: null) is { } ended)
        {
            throw ended;
        }

        _exchange.BeginRead(_readTimeout);
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
            End();
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

    private void End()
    {
        _content.Complete();
        _linked?.Dispose();
    }

    private void ThrowFailure(Exception exception, CancellationToken cancellationToken, bool isOver = true)
    {
        if (_exchange.ToException(exception) is { } ended)
        {
            throw ended;
        }

        var isCancelled = exception is OperationCanceledException && cancellationToken.IsCancellationRequested;
        if (isCancelled ? _closesOnCancel : isOver)
        {
            End();
        }

        if (isCancelled)
        {
            throw new TaskCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    // A caller reads a body with one token as a rule, so one linked source serves all its reads.
    private CancellationToken Link(CancellationToken cancellationToken)
    {
        if (!cancellationToken.CanBeCanceled)
        {
            return _exchange.Token;
        }

        if (_linked is null || cancellationToken != _linkedTo)
        {
            _linked?.Dispose();
            _linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _exchange.Token);
            _linkedTo = cancellationToken;
        }

        return _linked.Token;
    }
}
