using System.Diagnostics.CodeAnalysis;
using System.Net.Http;
using Grpc.Core;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// Writes a stream of messages. What ends the connection under it reaches the caller's <c>WriteAsync</c> as it comes, so it has to be
/// an <see cref="RpcException"/> already.
/// </summary>
internal sealed class StreamedWriteStream(Stream inner) : PassingStream(inner)
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(250);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            await Inner.WriteAsync(buffer, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (SendFailure.IsTransportFailure(exception))
        {
            await ThrowEndAsync(exception, cancellationToken).ConfigureAwait(false);
        }
    }

    public override async Task FlushAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Inner.FlushAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception exception) when (SendFailure.IsTransportFailure(exception))
        {
            await ThrowEndAsync(exception, cancellationToken).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Usage", "CA2215", Justification = "The stream is the request's, which the runtime ends.")]
    protected override void Dispose(bool disposing)
    {
    }

    // The token is the call's, and is cancelled with its end, whoever ended it: the channel then makes of what it is thrown the status of
    // the call. A server that ends the call first ends the stream next, and the write may see that before the channel has seen the other.
    private static async ValueTask ThrowEndAsync(Exception cause, CancellationToken call)
    {
        if (!call.IsCancellationRequested && call.CanBeCanceled)
        {
            await Task.Delay(LongestEnd, TimeProvider.System, call).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        throw call.IsCancellationRequested
            ? new OperationCanceledException(cause.Message, cause, call)
            : new RpcException(new Status(StatusCode.Unavailable, $"The message could not be written: {cause.Message}", cause));
    }
}
