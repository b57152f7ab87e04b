using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Dialing;
using PooledClients.Platform;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>Tells failures that may pass from those that stay, and failures of the server from those of this process.</summary>
internal static class HttpFaults
{
    /// <summary>Whether another attempt may fare better. What was refused the runtime has sent four times already, and would each time.</summary>
    /// <param name="response">What came, if anything did.</param>
    /// <param name="failure">Why nothing came.</param>
    /// <param name="call">What it was sent for.</param>
    public static bool IsTransient(HttpResponseMessage? response, Exception? failure, IHttpCall? call) => failure is null
        ? response is { StatusCode: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests } || (response is not null && IsServerError(response))
        : call is null or { Stage: RequestStage.WithTransport } && !IsOwn(failure) && FailureClassifier.Classify(failure) is { IsTransient: true, Kind: not FailureKind.StreamRefused };

    /// <summary>What it says about the server.</summary>
    /// <param name="response">What came, if anything did.</param>
    /// <param name="failure">Why nothing came.</param>
    /// <param name="call">What it was sent for.</param>
    public static RequestOutcome Judge(HttpResponseMessage? response, Exception? failure, IHttpCall? call) => failure switch
    {
        null when response is null || call is { IsServersAnswer: false } => RequestOutcome.Ignored,
        null => IsServerError(response) ? RequestOutcome.Failed : RequestOutcome.Answered,
        _ when call is { Stage: not RequestStage.WithTransport } => RequestOutcome.Ignored,
        OperationCanceledException { InnerException: not ConnectionBudgetException } when call is { WasLeftUnanswered: true } => RequestOutcome.Failed,
        _ when IsOwn(failure) => RequestOutcome.Ignored,
        _ => FailureClassifier.Classify(failure).Breaker,
    };

    /// <summary>
    /// What it says about the server to those whose breaker it shares: a deadline of the caller's own says nothing, for it may be shorter than any server takes,
    /// and neither does any that a probe runs into.
    /// </summary>
    /// <param name="response">What came, if anything did.</param>
    /// <param name="failure">Why nothing came.</param>
    /// <param name="call">What it was sent for.</param>
    /// <param name="isProbe">Whether the breaker was not closed.</param>
    public static RequestOutcome JudgeForBreaker(HttpResponseMessage? response, Exception? failure, IHttpCall call, bool isProbe = false) =>
        failure is OperationCanceledException && call.WasLeftUnanswered && (isProbe || !call.HasClientsDeadline) ? RequestOutcome.Ignored : Judge(response, failure, call);

    private static bool IsServerError(HttpResponseMessage response)
        => (int)response.StatusCode is >= 500 and < 600 && response.StatusCode is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported);

    // The time that this process gives a connect, as a plain client's own connect timeout; what it asks for that its server never had, and what
    // cannot be sent at all. A proxy that will not make the tunnel has answered, for now and later.
    private static bool IsOwn(Exception exception)
        => exception.Find<ConnectTimeoutException>() is not null
            || exception is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError, StatusCode: { } status } && (int)status < 500
            || exception is HttpRequestException { HttpRequestError: HttpRequestError.UserAuthenticationError }
            || IsUnsendable(exception);

    // A header or a length that does not hold, and a stream of the caller's that fails: it is told as a connection is that fails while it is
    // written to, but that says so within.
    private static bool IsUnsendable(Exception exception)
        => RuntimeContracts.IsUnsendable(exception)
            || (RuntimeContracts.IsSourceError(exception)
                && exception.Find<SocketException>() is null
                && exception.Find<HttpIOException>() is null
                && exception.Find<HttpProtocolException>() is null);
}
