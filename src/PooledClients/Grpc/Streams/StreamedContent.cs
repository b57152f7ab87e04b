using System.Net;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.Streams;

/// <summary>A streaming response's content, which tells when its stream has ended.</summary>
internal sealed class StreamedContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly OpenStream _open;

    private readonly Action<Exception> _failed;

    public StreamedContent(HttpContent inner, OpenStream open, Action<Exception> failed)
    {
        _inner = inner;
        _open = open;
        _failed = failed;
        open.ReadEnds();
        foreach (var (name, values) in inner.Headers.NonValidated)
        {
            foreach (var value in values)
            {
                Headers.TryAddWithoutValidation(name, value);
            }
        }
    }

    public void Failed(Exception exception) => _failed(exception);

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
            _open.End();
        }

        base.Dispose(disposing);
    }
}
