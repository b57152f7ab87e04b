using System.Diagnostics.CodeAnalysis;
using System.Net.Http;
using Grpc.Core;
using PooledClients.Grpc.Statuses;
using PooledClients.Platform;

namespace PooledClients.Grpc.Messages;

/// <summary>
/// Writes a stream of messages. What ends the connection under it reaches the caller's <c>WriteAsync</c> as it comes, so it has to be
/// an <see cref="RpcException"/> already, or the cancellation that the channel turns into the call's own status.
/// </summary>
internal sealed class StreamedWriteStream(Stream inner, SentMessages messages) : PassingStream(inner)
{
    private static readonly TimeSpan LongestEnd = TimeSpan.FromMilliseconds(250);

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var cancelled = cancellationToken.UnsafeRegister(static messages => ((SentMessages)messages!).EndWriting(), messages);
        try
        {
            // Not waited for beside it: the buffer goes back to its pool when this ends, and the runtime may be sending it until then.
            await Inner.WriteAsync(buffer, messages.Writing).ConfigureAwait(false);
        }
        catch (Exception exception) when (IsEnd(exception, cancellationToken))
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
        catch (Exception exception) when (IsEnd(exception, cancellationToken))
        {
            await ThrowEndAsync(exception, cancellationToken).ConfigureAwait(false);
        }
    }

    [SuppressMessage("Usage", "CA2215", Justification = "The stream is the request's, which the runtime ends.")]
    protected override void Dispose(bool disposing)
    {
    }

    // The runtime ends the writing of a request that it has the whole answer of, by a cancellation of its own too.
    private static bool IsEnd(Exception exception, CancellationToken write) =>
        SendFailure.IsTransportFailure(exception) || RuntimeContracts.IsEndOfRequest(exception) || (exception is OperationCanceledException && !write.IsCancellationRequested);

    // A cancellation is what the channel makes the status of the call of, if it has one by then. It is cancelled itself, or its answer ends, soon
    // after the connection or its server has ended the stream, and the write may see that first. Where the channel itself tries calls again the write
    // knows its call by no token.
    private async ValueTask ThrowEndAsync(Exception cause, CancellationToken write)
    {
        if (!HasEnded(write))
        {
            var end = write.CanBeCanceled ? write : messages.Call;
            await messages.AnswerEnded.WaitAsync(LongestEnd, TimeProvider.System, end).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        throw HasEnded(write) || messages.IsAnswered || cause is OperationCanceledException
            ? new OperationCanceledException(cause.Message, cause, write)
            : new RpcException(new Status(StatusCode.Unavailable, $"The message could not be written: {cause.Message}", cause));
    }

    private bool HasEnded(CancellationToken write) => write.IsCancellationRequested || messages.Call.IsCancellationRequested;
}
