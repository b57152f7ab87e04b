using System.Runtime.CompilerServices;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges.Bodies;

/// <summary>
/// The body of a response: each read ends at the exchange's deadline or idle-read timeout, and the last byte ends the exchange,
/// disposed or not. Otherwise, and after the exchange's end, it is what the transport's stream is.
/// </summary>
internal sealed class TrackedStream : BodyStream
{
    private readonly TrackedContent _content;
    private readonly HttpExchange _exchange;
    private readonly TimeSpan? _readTimeout;
    private readonly bool _isStreamOfMany;

    // The runtime copies it to its own buffer: what is buffered keeps the exchange's deadline.
    private bool _isBuffered;

    // Where an announced length counts, nothing is held once it is here, though nobody has found the end.
    private long _left;

    // Nobody waits for anything any more: the end was found, or it is disposed.
    private bool _isEnd;

    public TrackedStream(Stream inner, TrackedContent content, ResponseBody body)
        : base(inner)
    {
        _content = content;
        _exchange = content.Exchange;
        _readTimeout = _exchange.Owner.Options.IdleReadTimeout;
        _isStreamOfMany = body.IsStreamOfMany;
        _left = body.Length;
    }

    public override int Read(Span<byte> buffer)
    {
        if (!BeginRead())
        {
            return MayBeLate ? ReadLate(buffer) : Arrived(Inner.Read(buffer), buffer.Length);
        }

        try
        {
            // No token reaches a synchronous read: the abort's dispose ends it.
            return Arrived(Inner.Read(buffer), buffer.Length);
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

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        => IsOver && MayBeLate ? ReadLateAsync(buffer, cancellationToken)
        : cancellationToken.IsCancellationRequested || IsOver ? Inner.ReadAsync(buffer, cancellationToken)
        : ReadOpenAsync(buffer, cancellationToken);

    public override void CopyTo(Stream destination, int bufferSize)
    {
        ValidateCopyToArguments(destination, bufferSize);
        _isBuffered |= RuntimeContracts.IsBuffer(destination);
        base.CopyTo(destination, bufferSize);
    }

    public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        ValidateCopyToArguments(destination, bufferSize);
        if (IsOver && MayBeLate)
        {
            return base.CopyToAsync(destination, bufferSize, cancellationToken);
        }

        if (cancellationToken.IsCancellationRequested || IsOver)
        {
            return Inner.CopyToAsync(destination, bufferSize, cancellationToken);
        }

        // Read by read where reads are limited, for only then is it known which of them got nothing.
        _isBuffered |= RuntimeContracts.IsBuffer(destination);
        return _readTimeout is not null || (!_isBuffered && _exchange.IsStreamTimed)
            ? base.CopyToAsync(destination, bufferSize, cancellationToken)
            : CopyOpenToAsync(begun: null, destination, bufferSize, cancellationToken);
    }

    // Once the body is over there is nothing to wait for.
    public override ValueTask DisposeAsync() => _exchange.End == ExchangeEnd.None ? DisposeOpenAsync() : base.DisposeAsync();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isEnd = true;
            _content.CloseStream(Inner);
            _content.Complete();
        }

        base.Dispose(disposing);
    }

    /// <summary>Sees a copy to its end that has begun already, to the runtime's own buffer and with the exchange's token.</summary>
    public Task FinishCopyAsync(Task begun, CancellationToken cancellationToken) => CopyOpenToAsync(begun, Null, 0, cancellationToken);

    private bool IsOver => _exchange.End == ExchangeEnd.Completed;

    // The bytes that were announced may all be here, and the end not yet: an HTTP/2 stream's, or that of a body whose length a handler has changed.
    private bool MayBeLate => !_isEnd;

    private int ReadLate(Span<byte> buffer)
    {
        using var late = new LateRead(_exchange, Inner, CancellationToken.None);
        try
        {
            var count = Inner.Read(buffer);
            late.ThrowIfEnded(cause: null, CancellationToken.None);
            return Arrived(count, buffer.Length);
        }
        catch (Exception exception)
        {
            late.ThrowIfEnded(exception, CancellationToken.None);
            throw;
        }
    }

    private async ValueTask<int> ReadLateAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var read = Inner.ReadAsync(buffer, cancellationToken);
        if (read.IsCompleted)
        {
            return Arrived(await read.ConfigureAwait(false), buffer.Length);
        }

        using var late = new LateRead(_exchange, Inner, CancellationToken.None);
        try
        {
            var count = await read.ConfigureAwait(false);
            late.ThrowIfEnded(cause: null, cancellationToken);
            return Arrived(count, buffer.Length);
        }
        catch (Exception exception)
        {
            late.ThrowIfEnded(exception, cancellationToken);
            throw;
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<int> ReadOpenAsync(Memory<byte> buffer, CancellationToken cancellationToken)
    {
        var isOpen = BeginRead();
        var token = isOpen ? TokenFor(cancellationToken) : cancellationToken;
        using var cancellation = OnCancel(cancellationToken);
        try
        {
            var count = await Inner.ReadAsync(buffer, token).ConfigureAwait(false);
            return Arrived(count, buffer.Length);
        }
        catch (Exception exception)
        {
            ThrowFailure(exception, cancellationToken);
            throw;
        }
        finally
        {
            if (isOpen)
            {
                _exchange.EndRead();
            }
        }
    }

    private async Task CopyOpenToAsync(Task? begun, Stream destination, int bufferSize, CancellationToken cancellationToken)
    {
        var isOpen = begun is null ? BeginRead() : TryFollow();
        var token = isOpen && begun is null ? TokenFor(cancellationToken) : cancellationToken;
        using var cancellation = OnCancel(cancellationToken);
        try
        {
            await (begun ?? Inner.CopyToAsync(destination, bufferSize, token)).ConfigureAwait(false);
            ThrowIfCutOff();
            _isEnd = true;
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
            if (isOpen)
            {
                _exchange.EndRead();
            }
        }
    }

    // A read that has begun without a word: what has ended the exchange since ends it too, and says why.
    private bool TryFollow()
    {
        if (_exchange.End != ExchangeEnd.None)
        {
            return false;
        }

        _exchange.BeginRead(_readTimeout);
        return true;
    }

    private async ValueTask DisposeOpenAsync()
    {
        await Inner.DisposeAsync().ConfigureAwait(false);
        await base.DisposeAsync().ConfigureAwait(false);
    }

    // Where a connection carries this body alone, the exchange's own token ends a read, for its cancellation alone closes the connection at
    // once; the caller's leads there. A stream among many ends when it is disposed, and outlives a read that was cancelled.
    private CancellationToken TokenFor(CancellationToken cancellationToken) => _isStreamOfMany ? cancellationToken : _exchange.RenewToken();

    // Its disposal waits for it, so that a token which is cancelled just now ends no read that comes after.
    private CancellationTokenRegistration OnCancel(CancellationToken cancellationToken)
        => _isStreamOfMany || !cancellationToken.CanBeCanceled
            ? default
            : cancellationToken.UnsafeRegister(static exchange => ((HttpExchange)exchange!).CancelWaits(), _exchange);

    /// <returns>Whether the exchange is open; when it has ended well, the transport's stream knows what there is to say.</returns>
    private bool BeginRead()
    {
        if (ExchangeErrors.OfRead(_exchange, cause: null) is { } ended)
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
            _isEnd = true;
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
        if (ExchangeErrors.OfRead(_exchange, exception) is { } ended)
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
