using System.Net;
using PooledClients.Connections.Wire;
using PooledClients.Platform;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// A request's message on one way to a connection, and the proof of how far it got: one that was never asked for was not processed. A
/// unary message serialises again without harm, in a content of its own: who looks at a content below us has it keep a copy, and it is
/// asked for nothing any more.
/// </summary>
internal class SentContent : HttpContent, ISentOnce
{
    private readonly HttpContent _inner;
    private volatile bool _asked;
    private volatile bool _wasSentOnce;

    // The writing of the message itself: what it has come to is read from it, for an async method around it would cost each call more.
    private volatile Task? _writing;

    public SentContent(HttpContent inner)
    {
        _inner = inner;
        ContentHeaders.Give(inner, this);
    }

    /// <summary>Gets the message.</summary>
    public HttpContent Message => _inner;

    /// <summary>Gets whether anybody has asked for the message.</summary>
    public bool WasAsked => _asked;

    /// <summary>Gets whether the runtime may send the request once only: when it is refused it is for others to send it again.</summary>
    public bool IsOnce { get; init; }

    public bool WasSentOnce => _wasSentOnce;

    /// <summary>Gets whether the message is being written at the moment.</summary>
    public bool IsBeingWritten => _writing is { IsCompleted: false };

    /// <summary>Gets whether the message itself could not be written: it would fail again.</summary>
    public bool HasFailed => _writing is { IsFaulted: true, Exception.InnerException: { } cause } && !IsOfConnection(cause);

    /// <summary>Gets whether the request may be sent once more.</summary>
    public virtual bool CanBeSentAgain => true;

    /// <summary>Gets what holds it back from its connection; none of most.</summary>
    public virtual ContentHold? Hold => null;

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

    /// <summary>The message for one more way to a connection.</summary>
    public virtual SentContent ForNextAttempt() => new(_inner) { IsOnce = true };

    /// <summary>The message for a connection whose server has said nothing yet.</summary>
    public virtual SentContent Held(ContentHold hold) => new HeldContent(_inner, hold) { IsOnce = IsOnce };

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        _asked = true;
        _wasSentOnce = IsOnce && RuntimeContracts.IsConnection(stream);
        return _writing = WriteAsync(stream, context, cancellationToken);
    }

    /// <summary>What the message is written to, in front of its connection.</summary>
    protected virtual Stream Wrap(Stream stream) => stream;

    private static bool IsOfConnection(Exception cause) => cause switch
    {
        IOException failure => RuntimeContracts.IsOfConnection(failure),
        ObjectDisposedException disposed => RuntimeContracts.IsOfConnection(disposed.ObjectName),
        _ => cause is HttpRequestException or OperationCanceledException,
    };

    private Task WriteAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        try
        {
            return RuntimeContracts.SerializeToStreamAsync(_inner, Wrap(stream), context, cancellationToken);
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
