using System.Net;
using System.Text;

namespace PooledClients.IntegrationTests.Http.Conformance.Sending;

/// <summary>Content that writes itself piece by piece, with or without a length, rightly or not.</summary>
internal sealed class WrittenContent(long? length, params string[] pieces) : HttpContent
{
    /// <summary>Gets whether the first piece is written by another turn of the pool.</summary>
    public bool Yields { get; init; }

    /// <summary>Gets what is thrown after the last piece.</summary>
    public Exception? Fails { get; init; }

    /// <summary>Gets whether that is thrown by the call itself and not by its task.</summary>
    public bool FailsAtOnce { get; init; }

    /// <summary>Gets what is awaited before the last piece.</summary>
    public Func<CancellationToken, Task>? Waits { get; init; }

    /// <summary>Gets how often it was asked for its bytes.</summary>
    public int Writings { get; private set; }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
        => FailsAtOnce ? throw Fails! : WriteAsync(stream, cancellationToken);

    protected override void SerializeToStream(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        Writings++;
        foreach (var piece in pieces)
        {
            stream.Write(Encoding.ASCII.GetBytes(piece));
        }

        if (Fails is not null)
        {
            throw Fails;
        }
    }

    protected override bool TryComputeLength(out long value)
    {
        value = length ?? 0;
        return length is not null;
    }

    private async Task WriteAsync(Stream stream, CancellationToken cancellationToken)
    {
        Writings++;
        if (Yields)
        {
            await Task.Yield();
        }

        foreach (var piece in pieces)
        {
            await stream.WriteAsync(Encoding.ASCII.GetBytes(piece), cancellationToken);
            await stream.FlushAsync(cancellationToken);
        }

        if (Waits is not null)
        {
            await Waits(cancellationToken);
        }

        if (Fails is not null)
        {
            throw Fails;
        }
    }
}
