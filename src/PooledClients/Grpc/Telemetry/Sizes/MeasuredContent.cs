using System.Net;
using PooledClients.Platform;

namespace PooledClients.Grpc.Telemetry.Sizes;

/// <summary>A request's or a response's content whose messages are measured on their way.</summary>
internal sealed class MeasuredContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly ObservedCall _call;

    public MeasuredContent(HttpContent inner, ObservedCall call)
    {
        _inner = inner;
        _call = call;
        ContentHeaders.Give(inner, this);
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) =>
        SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken) =>
        RuntimeContracts.SerializeToStreamAsync(_inner, new MeasuredStream(stream, _call), context, cancellationToken);

    protected override Task<Stream> CreateContentReadStreamAsync()
    {
        var reading = _inner.ReadAsStreamAsync();
        return reading.IsCompletedSuccessfully ? Task.FromResult<Stream>(new MeasuredStream(reading.Result, _call)) : WrapAsync(reading);
    }

    // Never by the headers: they are shared, and ask this.
    protected override bool TryComputeLength(out long length) => RuntimeContracts.TryComputeLength(_inner, out length);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _inner.Dispose();
        }

        base.Dispose(disposing);
    }

    private async Task<Stream> WrapAsync(Task<Stream> reading) => new MeasuredStream(await reading.ConfigureAwait(false), _call);
}
