using System.Net;

namespace PooledClients.Http;

/// <summary>
/// The content of an open response: every way to its bytes goes through a <see cref="TrackedStream"/>, which keeps the deadline
/// and knows the end.
/// </summary>
internal sealed class TrackedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly ResponseGuard _guard;
    private readonly long? _length;
    private readonly bool _closesOnCancel;
    private int _isOpened;

    /// <param name="inner">The transport's content.</param>
    /// <param name="guard">The response's guard.</param>
    /// <param name="closesOnCancel">Whether a cancelled read gives up the connection, as HTTP/1.1 has it.</param>
    public TrackedContent(HttpContent inner, ResponseGuard guard, bool closesOnCancel)
    {
        _inner = inner;
        _guard = guard;
        _closesOnCancel = closesOnCancel;

        // Asking for the length puts it among the headers, if the content knows it.
        _length = inner.Headers.ContentLength;
        foreach (var header in inner.Headers.NonValidated)
        {
            if (header.Value.Count == 1)
            {
                Headers.TryAddWithoutValidation(header.Key, header.Value.ToString());
            }
            else
            {
                Headers.TryAddWithoutValidation(header.Key, header.Value);
            }
        }
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        => _guard.Stream is { } stream ? Task.FromResult<Stream>(Open(stream)) : OpenAsync(cancellationToken);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
        => Open(_guard.Stream ?? _inner.ReadAsStream(cancellationToken));

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var body = await CreateContentReadStreamAsync(cancellationToken).ConfigureAwait(false);
        await using (body.ConfigureAwait(false))
        {
            await body.CopyToAsync(stream, cancellationToken).ConfigureAwait(false);
        }
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        using var body = CreateContentReadStream(cancellationToken);
        body.CopyTo(stream);
    }

    protected override bool TryComputeLength(out long length)
    {
        // What is known of it is among the headers.
        length = 0;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _guard.Close();
            _guard.Complete();
        }

        base.Dispose(disposing);
    }

    private async Task<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        var exchange = _guard.Exchange;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, exchange.Token);
        try
        {
            return Open(await _inner.ReadAsStreamAsync(linked.Token).ConfigureAwait(false));
        }
        catch (Exception exception) when (exchange.ToException(exception) is { } ended)
        {
            throw ended;
        }
    }

    private TrackedStream Open(Stream stream)
    {
        if (Interlocked.Exchange(ref _isOpened, 1) != 0)
        {
            throw new InvalidOperationException("The response's body has been read already; it is not kept. Read it once, or buffer it.");
        }

        _guard.Stream = stream;
        return new TrackedStream(stream, _guard, _length, _closesOnCancel);
    }
}
