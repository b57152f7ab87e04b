using Microsoft.Extensions.Logging;
using PooledClients.Connections;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Wire;
using PooledClients.Diagnostics;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Statuses;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Sending;

/// <summary>
/// Sends a request again whose server has provably not processed it, as gRFC A6 has it: once at once where nothing of it was asked for,
/// then paced; paced and out of the retry budget where the server has refused its stream, and not for each attempt of a policy. Proof is
/// only: the message was never asked for, the stream was refused or is above the last of a GOAWAY, the connection never came up.
/// </summary>
internal sealed class CallResends(Transport transport, RetryBudget? budget, TimeProvider timeProvider, ILogger logger)
{
    private const int Most = 5;

    // The runtime sends a call's first request four times itself, at once; after that it is for this side alone.
    private const int MostRefused = 2;

    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(250);

    /// <param name="request">The request.</param>
    /// <param name="exception">How sending it failed.</param>
    /// <param name="content">Its message on that way.</param>
    /// <param name="sender">What it was given to.</param>
    /// <param name="isRetried">Whether the call is tried again by a policy, whose attempts and pauses are enough where no connection comes up.</param>
    /// <param name="resends">How often it was sent again so far.</param>
    /// <param name="cancellationToken">Ends the pause.</param>
    public async Task<bool> MaySendAgainAsync(
        HttpRequestMessage request, Exception exception, SentContent content, ICallSender sender, bool isRetried, int resends, CancellationToken cancellationToken)
    {
        if (!content.CanBeSentAgain || !IsUnprocessed(request, exception, content, sender))
        {
            return false;
        }

        // What was asked for, and is proven to be processed by nobody, the server has said: it refused the stream, or went away below it.
        var isRefused = content.WasAsked;

        // A server that takes no stream at all has its calls wait for their deadline, at the pace of the dials.
        var most = isRefused ? MostRefused
            : sender is Http2Connection { Limit: 0 } ? int.MaxValue
            : isRetried && exception is EndedBeforeSettingsException ? 0
            : Most;
        if (resends >= most || (isRefused && (PreviousAttempts.AreOf(request) || budget?.TryTake() == false)))
        {
            return false;
        }

        if (isRefused || resends > 0)
        {
            var pause = Pause * (1 << Math.Min(resends, 10));
            var jitter = 0.8 + (Random.Shared.NextDouble() * 0.4);
            await Task.Delay((pause < LongestPause ? pause : LongestPause) * jitter, timeProvider, cancellationToken).ConfigureAwait(false);
        }

        // Its stream is dead: the runtime is about to end the writing.
        if (content.IsBeingWritten)
        {
            // Messages that were held back, and asked for only now: their writing ends with their call.
            if (!content.CanBeSentAgain)
            {
                return false;
            }

            await content.WrittenAsync().WaitAsync(cancellationToken).ConfigureAwait(false);
        }

        logger.RequestSentAgain(transport.Address, exception.Message);
        return true;
    }

    private bool IsUnprocessed(HttpRequestMessage request, Exception exception, SentContent content, ICallSender sender)
    {
        if (sender is not Http2Connection connection)
        {
            return !content.WasAsked && IsAnotherConnectWanted(request, exception);
        }

        if (exception.Find<ConnectionOverException>() is not null)
        {
            connection.Pool.Retire(connection, "it makes no second connection");
        }

        return SendFailure.IsProvablyUnprocessed(exception, content.WasAsked);
    }

    // The runtime dials for a request that it was given: one that could not be connected is not given to it again but on request.
    private bool IsAnotherConnectWanted(HttpRequestMessage request, Exception exception)
    {
        if (!SendFailure.IsConnectFailure(exception) && !SendFailure.IsTrustFailure(exception) && !IsTunnelEnd(exception))
        {
            return true;
        }

        transport.Reachability.Failed(exception.InnerException ?? exception);
        return CallWaits.WaitsForReady(request);
    }

    // A proxy has closed the connection in place of making a tunnel: an answer that is asked for has its message asked for first.
    private static bool IsTunnelEnd(Exception exception) => exception is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded };
}
