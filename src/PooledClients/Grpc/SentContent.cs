using System.Net;

namespace PooledClients.Grpc;

/// <summary>
/// A request's message, and the proof of how far it got: one that was never asked for, or not handed over complete, was not processed.
/// A unary message serialises again without harm; a stream of messages is handed over once, so a second time is refused.
/// </summary>
internal sealed class SentContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly bool _isStream;
    private volatile bool _asked;
    private volatile bool _complete;

    public SentContent(HttpContent inner, bool isStream)
    {
        _inner = inner;
        _isStream = isStream;
        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>Whether a connection has asked for the message since the last <see cref="Reset"/>.</summary>
    public bool WasAsked => _asked;

    /// <summary>Whether the whole message was handed over to a connection.</summary>
    public bool IsComplete => _complete;

    /// <summary>Whether the message itself could not be written: it would fail again.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>Whether the request may be sent once more as it is.</summary>
    public bool CanBeSentAgain => !_isStream || !_asked;

    public void Reset()
    {
        _asked = _isStream && _asked;
        _complete = false;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_isStream && _asked)
        {
            throw new ContentSentException();
        }

        _asked = true;
        try
        {
            await _inner.CopyToAsync(stream, context, cancellationToken).ConfigureAwait(false);
            _complete = true;
        }
        catch (Exception exception) when (exception is not (IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException))
        {
            HasFailed = true;
            throw;
        }
    }

    protected override bool TryComputeLength(out long length)
    {
        length = -1;
        return false;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }
}
