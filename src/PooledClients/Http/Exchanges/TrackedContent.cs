using System.Net;

namespace PooledClients.Http.Exchanges;

/// <summary>
/// The content of an open response: every way to its bytes goes through a <see cref="TrackedStream"/>, which keeps the deadline
/// and knows the end. Nothing of the library holds it but its stream: when it is collected, both were dropped without being disposed.
/// The runtime gives the connection back in the same collection.
/// </summary>
internal sealed class TrackedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly long? _length;
    private readonly bool _closesOnCancel;
    private Stream? _stream;
    private int _isOpened;

    /// <param name="exchange">The exchange that the response belongs to.</param>
    /// <param name="inner">The transport's content.</param>
    /// <param name="stream">The transport's stream, if it has been asked for.</param>
    /// <param name="closesOnCancel">Whether a cancelled read gives up the connection, as HTTP/1.1 has it.</param>
    public TrackedContent(HttpExchange exchange, HttpContent inner, Stream? stream, bool closesOnCancel)
    {
        Exchange = exchange;
        _inner = inner;
        _stream = stream;
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

    public HttpExchange Exchange { get; }

    /// <summary>The body is over.</summary>
    public void Complete()
    {
        if (Exchange.TryComplete())
        {
            Exchange.Route.Client.Registry.OnReturned(Exchange);
        }
    }

    /// <summary>Disposes what holds the connection. May be called while a read is pending, more than once, and by any thread.</summary>
    public void Close()
    {
        Volatile.Read(ref _stream)?.Dispose();
        _inner.Dispose();
    }

    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    protected override Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
        => Volatile.Read(ref _stream) is { } stream ? Task.FromResult<Stream>(Open(stream)) : OpenAsync(cancellationToken);

    protected override Stream CreateContentReadStream(CancellationToken cancellationToken)
        => Open(Volatile.Read(ref _stream) ?? _inner.ReadAsStream(cancellationToken));

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
            Close();
            Complete();
        }

        base.Dispose(disposing);
    }

    private async Task<Stream> OpenAsync(CancellationToken cancellationToken)
    {
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, Exchange.Token);
        try
        {
            return Open(await _inner.ReadAsStreamAsync(linked.Token).ConfigureAwait(false));
        }
        catch (Exception exception) when (Exchange.ToException(exception) is { } ended)
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

        Volatile.Write(ref _stream, stream);
        return new TrackedStream(stream, this, _length, _closesOnCancel);
    }
}
