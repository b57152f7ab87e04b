using System.Net;
using Polly;
using PooledClients.Connections.Dialing;
using PooledClients.Resilience;

namespace PooledClients.Http.Retries;

/// <summary>Tells failures that may pass from those that stay, and failures of the server from those of this process.</summary>
internal static class HttpFaults
{
    /// <summary>Whether another attempt may fare better.</summary>
    public static bool IsTransient(Outcome<HttpResponseMessage> outcome) => outcome switch
    {
        { Result: { } response } => response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || IsServerError(response),
        { Exception: { } exception } => !IsOwnLimit(exception) && FailureClassifier.Judge(exception).IsTransient,
        _ => false,
    };

    /// <summary>What it says about the server.</summary>
    /// <param name="outcome">What an attempt came to.</param>
    /// <param name="call">What it was made for.</param>
    public static RequestOutcome Judge(Outcome<HttpResponseMessage> outcome, IHttpCall? call) => outcome switch
    {
        { Result: { } response } => IsServerError(response) ? RequestOutcome.Failed : RequestOutcome.Answered,
        { Exception: OperationCanceledException { InnerException: not ConnectionBudgetException } } when call is { WasLeftUnanswered: true } => RequestOutcome.Failed,
        { Exception: { } exception } when IsOwnLimit(exception) => RequestOutcome.Ignored,
        { Exception: { } exception } => FailureClassifier.Judge(exception).Breaker,
        _ => RequestOutcome.Ignored,
    };

    private static bool IsServerError(HttpResponseMessage response)
        => (int)response.StatusCode is >= 500 and < 600 && response.StatusCode is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported);

    // The time that this process gives a connect, as a plain client's own connect timeout; and a proxy that will not make the tunnel has
    // answered, for now and later.
    private static bool IsOwnLimit(Exception exception)
        => exception.Find<ConnectTimeoutException>() is not null
            || exception is HttpRequestException { HttpRequestError: HttpRequestError.ProxyTunnelError, StatusCode: { } status } && (int)status < 500;
}
