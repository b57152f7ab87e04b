using System.Net;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges.Bodies;

/// <summary>
/// The content of a response: every way to its bytes keeps the exchange's deadline and knows the body's end. Nothing of the library
/// holds it but its stream: when it is collected, both were dropped without being disposed. The runtime gives the connection back in
/// the same collection.
/// </summary>
internal sealed class TrackedContent : HttpContent, IOpenBody
{
    private readonly HttpContent _inner;
    private readonly ResponseBody _body;
    private Stream? _stream;
    private int _isOpened;

    public TrackedContent(HttpExchange exchange, HttpContent inner, ResponseBody body)
    {
        Exchange = exchange;
        _inner = inner;
        _body = body;
        _stream = body.Stream;
        ContentHeaders.Give(inner, this);
    }

    public HttpExchange Exchange { get; }

    /// <summary>The body is over.</summary>
    public void Complete()
    {
        if (Exchange.TryComplete())
        {
            Exchange.Owner.Returned(Exchange);
        }
    }

    public void Close()
    {
        Volatile.Read(ref _stream)?.Dispose();
        _inner.Dispose();
    }

    /// <summary>The stream was disposed: with the transport's all is over, another's content may hand out another.</summary>
    public void CloseStream(Stream stream)
    {
        if (IsOfTransport)
        {
            Close();
        }
        else
        {
            stream.Dispose();
        }
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        => _body.Stream is { } stream ? Task.FromResult(HandOut(stream)) : OpenInnerAsync(cancellationToken);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
        => _body.Stream is { } stream ? HandOut(stream) : Follow(_inner.ReadAsStream(cancellationToken));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_body.Stream is not { } open)
        {
            return CopyInnerAsync(stream, cancellationToken);
        }

        // A short body has come with its headers, as a rule: then there is nothing to wait for, and nothing that a deadline could end.
        return RuntimeContracts.IsBuffer(stream) && Exchange.End == ExchangeEnd.None && Exchange.Owner.Options.IdleReadTimeout is null && !cancellationToken.IsCancellationRequested
            ? BufferAsync(open, stream, cancellationToken)
            : CopyAsync(open, stream, cancellationToken);
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_body.Stream is not { } open)
        {
            _inner.CopyTo(stream, context, cancellationToken);
            Complete();
            return;
        }

        using var body = Track(open);
        body.CopyTo(stream);
    }

    protected override bool TryComputeLength(out long length) => RuntimeContracts.TryComputeLength(_inner, out length);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            Close();
            Complete();
        }

        base.Dispose(disposing);
    }

    private bool IsOfTransport => _body.Stream is not null;

    private async Task<Stream> OpenInnerAsync(CancellationToken cancellationToken)
        => Follow(await AskInnerAsync(static (inner, _, token) => inner.ReadAsStreamAsync(token), Stream.Null, cancellationToken).ConfigureAwait(false));

    private Task BufferAsync(Stream open, Stream buffer, CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _isOpened, 1) != 0)
        {
            return Task.FromException(ReadAlready());
        }

        Task copy;
        try
        {
            copy = open.CopyToAsync(buffer, _body.IsStreamOfMany ? cancellationToken : Exchange.Token);
        }
#pragma warning disable CA1031 // Told as what a task has failed with.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            copy = Task.FromException(exception);
        }

        if (!copy.IsCompletedSuccessfully || Exchange.End != ExchangeEnd.None)
        {
            return FinishAsync(copy, open, cancellationToken);
        }

        Close();
        Complete();
        return copy;
    }

    private async Task FinishAsync(Task copy, Stream open, CancellationToken cancellationToken)
    {
        using var body = new TrackedStream(open, this, _body);
        await body.FinishCopyAsync(copy, cancellationToken).ConfigureAwait(false);
    }

    private async Task CopyAsync(Stream open, Stream destination, CancellationToken cancellationToken)
    {
        using var body = Track(open);
        await body.CopyToAsync(destination, cancellationToken).ConfigureAwait(false);
    }

    private async Task CopyInnerAsync(Stream destination, CancellationToken cancellationToken)
    {
        await AskInnerAsync(Copy, destination, cancellationToken).ConfigureAwait(false);
        Complete();

        static async Task<bool> Copy(HttpContent inner, Stream stream, CancellationToken token)
        {
            await inner.CopyToAsync(stream, token).ConfigureAwait(false);
            return true;
        }
    }

    // Content of a handler's, which knows by itself how often it can be read, and may take its time each time.
    private async Task<T> AskInnerAsync<T>(Func<HttpContent, Stream, CancellationToken, Task<T>> ask, Stream stream, CancellationToken cancellationToken)
    {
        using var late = Exchange.End == ExchangeEnd.None ? null : new LateRead(Exchange, _inner, cancellationToken);
        using var linked = late is null && cancellationToken.CanBeCanceled ? CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Exchange.Token) : null;
        try
        {
            return await ask(_inner, stream, late?.Token ?? linked?.Token ?? Exchange.Token).ConfigureAwait(false);
        }
        catch (Exception exception)
        {
            if (ExchangeErrors.OfRead(Exchange, exception) is { } ended)
            {
                throw ended;
            }

            late?.ThrowIfEnded(exception, cancellationToken);
            if (exception is OperationCanceledException cancelled && cancellationToken.IsCancellationRequested)
            {
                throw ExchangeErrors.Cancelled(cancelled, cancellationToken);
            }

            throw;
        }
    }

    private TrackedStream Follow(Stream stream)
    {
        Volatile.Write(ref _stream, stream);
        return new TrackedStream(stream, this, _body);
    }

    // A protocol that was asked for lives as long as its owner wants, and is written to as well.
    private Stream HandOut(Stream stream)
    {
        if (!_body.IsUpgrade)
        {
            return Track(stream);
        }

        Take();
        Complete();
        return stream;
    }

    private TrackedStream Track(Stream stream)
    {
        Take();
        return new TrackedStream(stream, this, _body);
    }

    // The transport's stream is read once.
    private void Take()
    {
        if (Interlocked.Exchange(ref _isOpened, 1) != 0)
        {
            throw ReadAlready();
        }
    }

    private static InvalidOperationException ReadAlready() => new("The response's body has been read already; it is not kept. Read it once, or buffer it.");
}
