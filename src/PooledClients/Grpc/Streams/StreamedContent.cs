using System.Net;
using PooledClients.Grpc.Messages;
using PooledClients.Platform;

namespace PooledClients.Grpc.Streams;

/// <summary>A streaming response's content, which tells when its stream has ended.</summary>
internal sealed class StreamedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly OpenStream _open;
    private readonly SentMessages? _messages;
    private readonly Func<Exception, Exception> _failed;

    /// <param name="inner">The response's content.</param>
    /// <param name="open">Told of its end.</param>
    /// <param name="messages">What the call still sends, if that is a stream: it ends with the response.</param>
    /// <param name="failed">What an exception of its reading is to the call.</param>
    public StreamedContent(HttpContent inner, OpenStream open, SentMessages? messages, Func<Exception, Exception> failed)
    {
        _inner = inner;
        _open = open;
        _messages = messages;
        _failed = failed;
        messages?.Answered();
        open.ReadEnds();
        ContentHeaders.Give(inner, this);
    }

    public Exception Failed(Exception exception) => _failed(exception);

    protected override async Task<Stream> CreateContentReadStreamAsync()
        => new StreamedReadStream(await _inner.ReadAsStreamAsync().ConfigureAwait(false), this, _open);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _inner.CopyToAsync(stream, context);

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

            // Before those who listen to ends, who may throw.
            _messages?.EndAnswer();
            _open.End();
        }

        base.Dispose(disposing);
    }
}
