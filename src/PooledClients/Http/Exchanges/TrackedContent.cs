using System.Net;
using PooledClients.Platform;

namespace PooledClients.Http.Exchanges;

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
        if (!RuntimeContracts.TryGiveHeaders(inner, this))
        {
            ContentHeaders.Copy(inner, this);
        }
    }

    public HttpExchange Exchange { get; }

    object IOpenBody.Owner => Exchange;

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

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        => Volatile.Read(ref _stream) is { } stream ? Task.FromResult(HandOut(stream)) : OpenAsync(cancellationToken);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
        => HandOut(Volatile.Read(ref _stream) ?? _inner.ReadAsStream(cancellationToken));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _stream) is not { } open)
        {
            await CopyInnerAsync(stream, cancellationToken).ConfigureAwait(false);
            return;
        }

        using var body = Track(open);
        await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (Volatile.Read(ref _stream) is not { } open)
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

    private async Task<Stream> OpenAsync(CancellationToken cancellationToken) => HandOut(await OpenInnerAsync(cancellationToken).ConfigureAwait(false));

    // Content that is not the transport's, or that a handler has opened: it knows by itself whether it can be read.
    private async Task CopyInnerAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Exchange.Token);
        try
        {
            await _inner.CopyToAsync(stream, linked.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (ExchangeErrors.Of(Exchange, exception) is { } ended)
        {
            throw ended;
        }

        Complete();
    }

    private async Task<Stream> OpenInnerAsync(CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Exchange.Token);
        try
        {
            return await _inner.ReadAsStreamAsync(linked.Token).ConfigureAwait(false);
        }
        catch (Exception exception) when (ExchangeErrors.Of(Exchange, exception) is { } ended)
        {
            throw ended;
        }
    }

    // A protocol that was asked for lives as long as its owner wants, and is written to as well.
    private Stream HandOut(Stream stream)
    {
        if (!_body.IsUpgrade)
        {
            return Track(stream);
        }

        Take(stream);
        Complete();
        return stream;
    }

    private TrackedStream Track(Stream stream)
    {
        Take(stream);
        return new TrackedStream(stream, this, _body);
    }

    private void Take(Stream stream)
    {
        if (Interlocked.Exchange(ref _isOpened, 1) != 0)
        {
            throw new InvalidOperationException("The response's body has been read already; it is not kept. Read it once, or buffer it.");
        }

        Volatile.Write(ref _stream, stream);
    }
}
