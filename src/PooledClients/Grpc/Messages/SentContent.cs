using System.Net;
using PooledClients.Platform;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// A request's message on one way to a connection, and the proof of how far it got: one that was never asked for was not processed. A
/// unary message serialises again without harm, in a content of its own: who looks at a content below us has it keep a copy, and it is
/// asked for nothing any more. A stream of messages is handed over once, so a second time is refused.
/// </summary>
internal sealed class SentContent : HttpContent
{
    private readonly bool _isStream;
    private readonly HttpContent _inner;
    private volatile bool _asked;

    // The writing of the message itself: what it has come to is read from it, for an async method around it would cost each call more.
    private volatile Task? _writing;

    public SentContent(HttpContent inner, bool isStream)
    {
        _inner = inner;
        _isStream = isStream;
        if (RuntimeContracts.TryGiveHeaders(inner, this))
        {
            return;
        }

        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>Gets the message.</summary>
    public HttpContent Message => _inner;

    /// <summary>Gets whether anybody has asked for the message.</summary>
    public bool WasAsked => _asked;

    /// <summary>Gets whether the message is being written at the moment.</summary>
    public bool IsBeingWritten => _writing is { IsCompleted: false };

    /// <summary>Gets whether the message itself could not be written: it would fail again.</summary>
    public bool HasFailed => _writing is
    {
        IsFaulted: true,
        Exception.InnerException: not (IOException or HttpRequestException or ObjectDisposedException or OperationCanceledException),
    };

    /// <summary>Gets whether the request may be sent once more.</summary>
    public bool CanBeSentAgain => !_isStream || !_asked;

    /// <summary>
    /// Ends, without an error, when the message is no longer being written. It is not asked for again before: two writings of a call would
    /// share what the channel serialises into, if that ever has one for each call, and the first keeps its stream.
    /// </summary>
    public async Task WrittenAsync()
    {
        if (_writing is { } writing)
        {
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>The message for one more way to a connection; itself where it was never asked for.</summary>
    public SentContent ForNextAttempt() => _asked ? new SentContent(_inner, _isStream) : this;

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
            return RuntimeContracts.SerializeToStreamAsync(_inner, _isStream ? new StreamedWriteStream(stream) : stream, context, cancellationToken);
        }
        catch (Exception exception)
        {
            return Task.FromException(exception);
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
