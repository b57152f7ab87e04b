using System.Net;
using PooledClients.Connections.Dialing;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>Tells failures that may pass from those that stay, and failures of the server from those of this process.</summary>
internal static class HttpFaults
{
    /// <summary>Whether another attempt may fare better.</summary>
    /// <param name="response">What came, if anything did.</param>
    /// <param name="failure">Why nothing came.</param>
    public static bool IsTransient(HttpResponseMessage? response, Exception? failure) => failure is null
        ? response is { StatusCode: HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests } || (response is not null && IsServerError(response))
        : !IsOwnLimit(failure) && FailureClassifier.Judge(failure).IsTransient;

    /// <summary>What it says about the server.</summary>
    /// <param name="response">What came, if anything did.</param>
    /// <param name="failure">Why nothing came.</param>
    /// <param name="call">What it was sent for.</param>
    public static RequestOutcome Judge(HttpResponseMessage? response, Exception? failure, IHttpCall? call) => failure switch
    {
        null when response is null => RequestOutcome.Ignored,
        null => IsServerError(response) ? RequestOutcome.Failed : RequestOutcome.Answered,
        OperationCanceledException { InnerException: not ConnectionBudgetException } when call is { WasLeftUnanswered: true } => RequestOutcome.Failed,
        _ when IsOwnLimit(failure) => RequestOutcome.Ignored,
        _ => FailureClassifier.Judge(failure).Breaker,
    };

    private static bool IsServerError(HttpResponseMessage response)
        => (int)response.StatusCode is >= 500 and < 600 && response.StatusCode is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported);

    // The time that this process gives a connect, as a plain client's own connect timeout; and a proxy that will not make the tunnel has
    // answered, for now and later.
    private static bool IsOwnLimit(Exception exception)
        => exception.Find<ConnectTimeoutException>() is not null
            || exception is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError, StatusCode: { } status } && (int)status < 500;
}
