using System.Runtime.ExceptionServices;
using Grpc.Core;
using Polly;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Messages;
using PooledClients.Grpc.Statuses;
using PooledClients.Grpc.Telemetry;
using PooledClients.Resilience;

namespace PooledClients.Grpc.Retries;

/// <summary>
/// The request of a unary call whose first attempt has failed, and its further attempts. They are made below the channel, which sees one
/// request all along, so a call that succeeds at once has nothing of this. A response that may bring a message commits the call, as in
/// gRFC A6: what it comes to is what the call comes to.
/// </summary>
/// <param name="request">The request, which all attempts share.</param>
/// <param name="time">When the call began, and how long it may take.</param>
/// <param name="retrier">How the method's calls are tried again.</param>
/// <param name="hasParent">Whether the request named its parent span before its first attempt.</param>
/// <param name="send">Makes an attempt.</param>
/// <param name="cancellationToken">Ends the call.</param>
internal sealed class RetriedRequest(
    HttpRequestMessage request,
    CallTime time,
    CallRetrier retrier,
    bool hasParent,
    Func<Task<HttpResponseMessage>> send,
    CancellationToken cancellationToken) : IRetriedCall<HttpResponseMessage>
{
    private const string TraceParent = "traceparent";

    private static readonly TimeSpan LongestWriting = TimeSpan.FromSeconds(1);

    // The answer by which the latest attempt failed, where there was one.
    private HttpResponseMessage? _refusal;

    public RetryState Retry { get; private set; } = null!;

    /// <summary>Whether a request names its parent span.</summary>
    public static bool HasParent(HttpRequestMessage request) => request.Headers.NonValidated.Contains(TraceParent);

    /// <summary>Makes the whole call, by whatever the first attempt is made.</summary>
    public async Task<HttpResponseMessage> StartAsync(Func<Task<HttpResponseMessage>> sendFirst)
    {
        RpcException? failure;
        HttpResponseMessage? response = null;
        try
        {
            response = await sendFirst().ConfigureAwait(false);
            failure = retrier.FailureOf(response, GrpcAnswer.StatusOf(response));
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested && FailureOf(request, exception, retrier) is { } covered)
        {
            failure = covered;
        }

        return failure is null ? response! : await GoOnAsync(failure, response).ConfigureAwait(false);
    }

    /// <summary>What the exception of an attempt comes to that another one may mend. A message that cannot be written cannot be the next time.</summary>
    public static RpcException? FailureOf(HttpRequestMessage request, Exception exception, CallRetrier? retrier) =>
        request.Content is SentContent { HasFailed: true } ? null : retrier?.FailureOf(exception);

    /// <summary>Goes on after the first attempt has failed: with others, if they are allowed, or with the failure.</summary>
    /// <param name="failure">How it failed.</param>
    /// <param name="refusal">The answer by which it failed, where there was one.</param>
    public async Task<HttpResponseMessage> GoOnAsync(RpcException failure, HttpResponseMessage? refusal)
    {
        Retry = retrier.Begin(failure);
        _refusal = refusal;
        var outcome = await retrier.RunAsync(this, cancellationToken).ConfigureAwait(false);
        if (outcome.Exception is not RpcException)
        {
            _refusal?.Dispose();
        }

        switch (outcome.Exception)
        {
            case null:
                return outcome.Result!;
            case RpcException last when _refusal is { } answer:
                GrpcAnswer.SetStatus(answer, Retry.Explain(last).Status);
                return answer;
            case RpcException last:
                throw Retry.Explain(last);
            case OperationCanceledException when time.IsOver:
                time.DeadlineExceeded(WaitPhase.Retry);
                var status = Retry.Latest.Status;
                throw new RpcException(new Status(
                    StatusCode.DeadlineExceeded,
                    $"The call reached its deadline of {time} before attempt {Retry.Attempts + 1}. The last one failed with {status.StatusCode}: {status.Detail}",
                    Retry.Latest));
            default:
                ExceptionDispatchInfo.Throw(outcome.Exception);
                throw outcome.Exception;
        }
    }

    public bool ShouldRetry(RpcException failure)
    {
        if (!Retry.Allows(failure))
        {
            return false;
        }

        // Its body may be unfinished, and hold its stream. Its headers are the call's if nothing more is sent.
        if (_refusal is { } refusal)
        {
            refusal.Dispose();
            _refusal = GrpcAnswer.HeadOf(refusal);
        }

        return true;
    }

    public async ValueTask<Outcome<HttpResponseMessage>> AttemptAsync()
    {
        var isWritten = await IsWrittenAsync().ConfigureAwait(false);
        if (cancellationToken.IsCancellationRequested)
        {
            return Outcome.FromException<HttpResponseMessage>(new OperationCanceledException(cancellationToken));
        }

        if (!isWritten)
        {
            Retry.GiveUp("its message is still being sent");
            return Outcome.FromException<HttpResponseMessage>(Retry.Latest);
        }

        PreviousAttempts.AddTo(request, Retry.Attempts++);

        // Each attempt is a span of its own, and the runtime names it to the server only where the header is not there.
        if (!hasParent)
        {
            request.Headers.Remove(TraceParent);
        }

        // The server has to be told what is left of the time.
        if (time.Remaining is { } remaining)
        {
            GrpcTimeoutHeader.Write(request, remaining);
        }

        try
        {
            var response = await send().ConfigureAwait(false);
            _refusal = null;
            if (GrpcAnswer.StatusOf(response) is not { } status || status == StatusCode.OK)
            {
                return Outcome.FromResult(response);
            }

            _refusal = response;
            return Outcome.FromException<HttpResponseMessage>(GrpcAnswer.FailureOf(response, status));
        }
        catch (Exception e) when (FailureClassifier.Classify(e).Kind == FailureKind.BreakerOpen)
        {
            // Nothing was sent: the server's word stays the last.
            Retry.Attempts--;
            Retry.GiveUp("the breaker has opened");
            return Outcome.FromException<HttpResponseMessage>(Retry.Latest);
        }
        catch (Exception e)
        {
            _refusal = null;
            return Outcome.FromException<HttpResponseMessage>(SendFailure.AsRpcException(e));
        }
    }

    // A server that has answered before the message was there resets the stream next (RFC 9113, section 8.1), which ends the writing.
    private async Task<bool> IsWrittenAsync()
    {
        if (request.Content is not SentContent { IsBeingWritten: true } content)
        {
            return true;
        }

        var written = content.WrittenAsync();
        return await Task.WhenAny(written, Task.Delay(LongestWriting, retrier.Time, cancellationToken)).ConfigureAwait(false) == written;
    }
}
