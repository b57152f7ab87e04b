using System.Net;

namespace PooledClients.Http.Exchanges;

/// <summary>Passes the request's content on, and tells the exchange when all of it is sent.</summary>
internal sealed class SentContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly HttpExchange _exchange;
    private readonly long? _length;

    public SentContent(HttpContent inner, HttpExchange exchange)
    {
        _inner = inner;
        _exchange = exchange;

        // Asking for the length puts it among the headers, if the content knows it.
        _length = inner.Headers.ContentLength;
        foreach (var header in inner.Headers.NonValidated)
        {
            Headers.TryAddWithoutValidation(header.Key, header.Value);
        }
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _exchange.Advance(ExchangePhase.Connecting, ExchangePhase.Sending);
        await _inner.CopyToAsync(stream, context, cancellationToken).ConfigureAwait(false);
        _exchange.Advance(ExchangePhase.Sending, ExchangePhase.WaitingForHeaders);
    }

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _exchange.Advance(ExchangePhase.Connecting, ExchangePhase.Sending);
        _inner.CopyTo(stream, context, cancellationToken);
        _exchange.Advance(ExchangePhase.Sending, ExchangePhase.WaitingForHeaders);
    }

    protected override bool TryComputeLength(out long length)
    {
        length = _length ?? 0;
        return _length is not null;
    }
}
