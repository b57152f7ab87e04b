using System.Net;
using System.Runtime.CompilerServices;
using PooledClients.Connections;

namespace PooledClients.Grpc;

/// <summary>
/// A request's message, and the proof of how far it got: one that was never asked for, or not handed over complete, was not processed.
/// A unary message serialises again without harm; a stream of messages is handed over once, so a second time is refused.
/// </summary>
internal sealed class SentContent : HttpContent, IPendingCall
{
    private readonly HttpContent _inner;
    private readonly bool _isStream;
    private volatile bool _asked;

    // The writing of the message itself: what it has come to is read from it, for an async method around it would cost each call more.
    private volatile Task? _writing;

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
    public bool IsComplete => _writing is { IsCompletedSuccessfully: true };

    /// <summary>Whether the message itself could not be written: it would fail again.</summary>
    public bool HasFailed => _writing is
    {
        IsFaulted: true,
        Exception.InnerException: not (IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException),
    };

    /// <summary>Whether the request may be sent once more as it is.</summary>
    public bool CanBeSentAgain => !_isStream || !_asked;

    public void Reset()
    {
        _asked = _isStream && _asked;
        _writing = null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        if (_isStream && _asked)
        {
            return Task.FromException(new ContentSentException());
        }

        _asked = true;
        return _writing = WriteAsync(stream, context, cancellationToken);
    }

    private Task WriteAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            return SerializeToStreamAsync(_inner, _isStream ? new StreamedWriteStream(stream) : stream, context, cancellationToken);
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
        }
    }

    // The runtime calls this protected method of a content too; HttpContent.CopyToAsync would wrap its task in one more of its own.
    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern Task SerializeToStreamAsync(HttpContent content, Stream stream, TransportContext? context, CancellationToken cancellationToken);

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
