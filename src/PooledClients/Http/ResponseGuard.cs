using System.Diagnostics.CodeAnalysis;

namespace PooledClients.Http;

/// <summary>
/// Shared by the content and the stream of one open response, and held by nothing else: when it is collected, both were dropped
/// without being disposed. The runtime gives the connection back in the same collection.
/// </summary>
[SuppressMessage("Usage", "CA1816", Justification = "It ends with the body, which may be long before anybody disposes anything.")]
internal sealed class ResponseGuard
{
    private readonly HttpContent _content;
    private Stream? _stream;
    private bool _isSettled;

    public ResponseGuard(HttpExchange exchange, HttpContent content, Stream? stream)
    {
        Exchange = exchange;
        _content = content;
        _stream = stream;
    }

    ~ResponseGuard()
    {
        if (Exchange.TryCollect())
        {
            Exchange.Route.Client.Registry.OnCollected(Exchange);
        }
    }

    public HttpExchange Exchange { get; }

    /// <summary>The transport's own stream, once it was asked for.</summary>
    public Stream? Stream
    {
        get => Volatile.Read(ref _stream);
        set => Volatile.Write(ref _stream, value);
    }

    /// <summary>The body is over.</summary>
    public void Complete()
    {
        if (Exchange.TryComplete())
        {
            Exchange.Route.Client.Registry.OnReturned(Exchange);
        }

        Settle();
    }

    /// <summary>Disposes what holds the connection. May be called while a read is pending, more than once, and by any thread.</summary>
    public void Close()
    {
        Settle();
        Stream?.Dispose();
        _content.Dispose();
    }

    // Asked up to five times a response, by its stream and its content; two threads that both do it do no harm.
    private void Settle()
    {
        if (!_isSettled)
        {
            _isSettled = true;
            GC.SuppressFinalize(this);
        }
    }
}
