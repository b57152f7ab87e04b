using System.Net;
using System.Net.Http.Headers;
using PooledClients.Connections.Endpoints;
using PooledClients.Platform;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// A request's message, and the proof of how far it got: one that was never asked for, or not handed over complete, was not processed.
/// A unary message serialises again without harm; a stream of messages is handed over once, so a second time is refused.
/// </summary>
internal sealed class SentContent : HttpContent, IPendingCall
{
    private readonly bool _isStream;
    private HttpContent? _inner;
    private volatile bool _asked;

    private volatile bool _ended;

    // How often the message was asked for; whom to tell of the first time.
    private int _askedTimes;
    private Destination? _follower;

    // The writing of the message itself: what it has come to is read from it, for an async method around it would cost each call more.
    private volatile Task? _writing;

    public SentContent(HttpContent inner, bool isStream)
    {
        _inner = inner;
        _isStream = isStream;
        MediaType = inner.Headers.ContentType;
        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    /// <summary>The content type of the message, which stands among the headers already.</summary>
    public MediaTypeHeaderValue? MediaType { get; }

    /// <summary>The message; none once it was let go of.</summary>
    public HttpContent? Message => _inner;

    /// <summary>Whether a connection has asked for the message since the last <see cref="Reset"/>.</summary>
    public bool WasAsked => _asked;

    /// <inheritdoc/>
    public bool IsPending => !_asked && !_ended;

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

    /// <summary>Whether the message is being written at the moment.</summary>
    public bool IsBeingWritten => _writing is { IsCompleted: false };

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

    /// <summary>Whether the call is through with it: handed over complete at the first time of asking, so that nothing writes it any more.</summary>
    public bool IsReusable => !_isStream && _askedTimes == 1 && IsComplete;

    /// <inheritdoc/>
    public void ReportTo(Destination destination)
    {
        Interlocked.Exchange(ref _follower, destination)?.CallTaken();
        if (!IsPending)
        {
            Report();
        }
    }

    /// <summary>The attempt is over, whatever it came to.</summary>
    public void End()
    {
        _ended = true;
        Report();
    }

    /// <summary>Lets go of the message.</summary>
    public HttpContent? Release()
    {
        var inner = _inner;
        _inner = null;
        _askedTimes = 0;
        _writing = null;

        // Nobody waits for a connection with it until it is used again.
        _ended = true;
        _asked = false;
        return inner;
    }

    /// <summary>Takes on the message of another call, with the same headers.</summary>
    public void Reuse(HttpContent inner) => _inner = inner;

    public void Reset()
    {
        _asked = _isStream && _asked;
        _ended = false;
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
        _askedTimes++;
        Report();
        return _writing = WriteAsync(stream, context, cancellationToken);
    }

    private void Report()
    {
        if (Volatile.Read(ref _follower) is not null)
        {
            Interlocked.Exchange(ref _follower, null)?.CallTaken();
        }
    }

    private Task WriteAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            return RuntimeContracts.SerializeToStreamAsync(_inner!, _isStream ? new StreamedWriteStream(stream) : stream, context, cancellationToken);
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
            _inner?.Dispose();
        }

        base.Dispose(disposing);
    }
}
