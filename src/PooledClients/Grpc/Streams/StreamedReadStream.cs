using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Streams;

/// <summary>Reads a streaming response and tells when there is no more.</summary>
internal sealed class StreamedReadStream(Stream inner, StreamedContent content, OpenStream open) : PassingStream(inner)
{
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        open.ReadBegins();
        try
        {
            var read = await Inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0 && buffer.Length > 0)
            {
                open.End();
            }

            return read;
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            var failure = content.Failed(exception);
            open.End(SendFailure.StatusOf(failure));
            if (ReferenceEquals(failure, exception))
            {
                throw;
            }

            throw failure;
        }
        finally
        {
            open.ReadEnds();
        }
    }

    protected override void Dispose(bool disposing)
    {
        base.Dispose(disposing);
        if (disposing)
        {
            open.End();
        }
    }
}
