using Grpc.Core;
using PooledClients.Grpc.Deadlines;
using PooledClients.Grpc.Statuses;

namespace PooledClients.Grpc.Sending;

/// <summary>Tells a call's observer what an attempt came to, and the call with it when it was the last.</summary>
internal static class CallReports
{
    /// <summary>An attempt is answered.</summary>
    /// <param name="time">The call.</param>
    /// <param name="response">The response, whose headers are there.</param>
    /// <param name="status">Its status, where they are all there is.</param>
    /// <param name="isLast">Whether it is the call's answer.</param>
    /// <param name="isStream">Whether a stream of messages would follow.</param>
    public static void Answered(this in CallTime time, HttpResponseMessage response, StatusCode? status, bool isLast, bool isStream)
    {
        if (time.Observer is not { } observer)
        {
            return;
        }

        if (status is { } known)
        {
            observer.AttemptEnds(known);
        }

        if (isLast && isStream && status is { } final)
        {
            observer.StreamEnds(final);
        }

        if (isLast && time.Call?.Account is null)
        {
            observer.Method.Ends(
                status ?? StatusCode.OK, status is null or StatusCode.OK ? null : GrpcAnswer.FailureOf(response, status.Value).Status.Detail, time.Elapsed);
        }
    }

    /// <summary>An attempt has failed.</summary>
    /// <param name="time">The call.</param>
    /// <param name="exception">How.</param>
    /// <param name="isLast">Whether the call has failed with it.</param>
    /// <param name="isStream">Whether it is a streaming call.</param>
    /// <returns>Never that it was dealt with: this looks at an exception on its way.</returns>
    public static bool Failed(this in CallTime time, Exception exception, bool isLast, bool isStream)
    {
        if (time.Observer is { } observer)
        {
            var status = StatusOf(exception, time);
            observer.AttemptEnds(status.StatusCode);
            if (isLast && isStream)
            {
                observer.StreamEnds(status.StatusCode);
            }

            if (isLast && time.Call?.Account is null)
            {
                observer.Method.Ends(status.StatusCode, status.Detail, time.Elapsed);
            }
        }

        return false;
    }

    /// <summary>Tells of a whole call whose attempts did not: it took several, or was a probe of a breaker that is not closed.</summary>
    /// <param name="sending">The call.</param>
    /// <param name="time">Whom to tell.</param>
    /// <param name="isStream">Whether it is a streaming call.</param>
    public static async Task<HttpResponseMessage> TellAsync(this Task<HttpResponseMessage> sending, CallTime time, bool isStream)
    {
        try
        {
            var response = await sending.ConfigureAwait(false);
            time.Answered(response, GrpcAnswer.StatusOf(response), isLast: true, isStream);
            return response;
        }
        catch (Exception exception) when (time.Failed(exception, isLast: true, isStream))
        {
            // It only looks.
            throw;
        }
    }

    private static Status StatusOf(Exception exception, in CallTime time) => exception switch
    {
        RpcException failure => failure.Status,
        OperationCanceledException => new Status(time.IsOver ? StatusCode.DeadlineExceeded : StatusCode.Cancelled, ""),
        _ => SendFailure.AsRpcException(exception) is RpcException sent ? sent.Status : new Status(StatusCode.Internal, exception.Message),
    };
}
