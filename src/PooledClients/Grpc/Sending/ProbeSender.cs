using Grpc.Core;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Retries;
using PooledClients.Grpc.Statuses;
using PooledClients.Grpc.Telemetry;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Sending;

/// <summary>
/// Makes calls while the breaker of their address is not closed: as its probes, or not at all. One that waits for its server to be ready waits for
/// its turn as it would for a connection.
/// </summary>
internal sealed class ProbeSender(AddressBreaker breaker, PendingCalls pending, TimeProvider timeProvider)
{
    // Timers count whole milliseconds, and what a fraction is cut off would be too early.
    private static readonly TimeSpan Rounding = TimeSpan.FromMilliseconds(1);

    /// <param name="request">The request.</param>
    /// <param name="time">When the call began, and how long it may take.</param>
    /// <param name="send">Sends it.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CallTime time, Func<Task<HttpResponseMessage>> send, CancellationToken cancellationToken)
    {
        // As long as it is on no connection and goes on: to send it has it on one, or waiting for it, when it returns.
        var isPending = false;
        var waitsSince = 0L;
        try
        {
            while (true)
            {
                // Before the question: what changes after it ends the wait.
                var turn = breaker.Turn;
                try
                {
                    return await breaker.ProbeAsync(
                        Send,
                        response => GrpcAnswer.StatusOf(response) == StatusCode.DeadlineExceeded && time.IsOver ? RequestOutcome.Ignored : GrpcFailure.Classify(response),
                        exception => request.Content is SentContent { HasFailed: true } ? RequestOutcome.Ignored : GrpcFailure.Classify(exception)).ConfigureAwait(false);
                }
                catch (BreakerOpenException open) when (CallWaits.WaitsForReady(request))
                {
                    waitsSince = waitsSince == 0 ? timeProvider.GetTimestamp() : waitsSince;
                    SetPending(true);
                    await WaitAsync(turn, open, time, cancellationToken).ConfigureAwait(false);
                }
                catch (BreakerOpenException open)
                {
                    throw CallErrors.BreakerOpen(open);
                }

                // The header was written when the request was made.
                if (time.Remaining is { } remaining)
                {
                    GrpcTimeoutHeader.Write(request, remaining);
                }
            }
        }
        finally
        {
            TellWait();
            SetPending(false);
        }

        Task<HttpResponseMessage> Send()
        {
            TellWait();
            var sending = send();
            SetPending(false);
            return sending;
        }

        // However many probes failed meanwhile, it has waited once.
        void TellWait()
        {
            if (waitsSince != 0)
            {
                time.Observer?.Waited(WaitPhase.Dial, timeProvider.GetElapsedTime(waitsSince));
                waitsSince = 0;
            }
        }

        void SetPending(bool value)
        {
            if (isPending != value)
            {
                isPending = value;
                if (value)
                {
                    pending.Begin();
                }
                else
                {
                    pending.End();
                }
            }
        }
    }

    private async Task WaitAsync(Task turn, BreakerOpenException open, CallTime time, CancellationToken cancellationToken)
    {
        var most = (open.RetryAfter > TimeSpan.Zero ? open.RetryAfter : breaker.BreakDuration) + Rounding;
        await turn.WaitAsync(most, timeProvider, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!cancellationToken.IsCancellationRequested)
        {
            return;
        }

        if (!time.IsOver)
        {
            throw new OperationCanceledException(cancellationToken);
        }

        time.DeadlineExceeded(WaitPhase.Dial);
        throw new RpcException(new Status(StatusCode.DeadlineExceeded, $"The call reached its deadline of {time} while it waited for its server. {open.Message}", open));
    }
}
