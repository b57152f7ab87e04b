using System.Net.Http;
using Grpc.Core;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// Writes a stream of messages. What ends the connection under it reaches the caller's <c>WriteAsync</c> as it comes, so it has to be
/// an <see cref="RpcException"/> already.
/// </summary>
internal sealed class StreamedWriteStream(Stream inner) : Stream
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(250);

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (SendFailure.IsTransportFailure(exception))
        {
            await ThrowUnlessEndedAsync(exception, cancellationToken).ConfigureAwait(false);
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
        => WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (SendFailure.IsTransportFailure(exception))
        {
            await ThrowUnlessEndedAsync(exception, cancellationToken).ConfigureAwait(false);
            throw new OperationCanceledException(exception.Message, exception, cancellationToken);
        }
    }

    public override void Flush() => inner.Flush();

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    // The token is the call's, and is cancelled with its end, whoever ended it: the channel then makes of what it is thrown the status of
    // the call. A server that ends the call first ends the stream next, and the write may see that before the channel has seen the other.
    private static async ValueTask ThrowUnlessEndedAsync(Exception cause, CancellationToken call)
    {
        if (!call.IsCancellationRequested && call.CanBeCanceled)
        {
            await Task.Delay(LongestEnd, TimeProvider.System, call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        if (!call.IsCancellationRequested)
        {
            throw new RpcException(new Status(StatusCode.Unavailable, $"The message could not be written: {cause.Message}", cause));
        }
    }
}
