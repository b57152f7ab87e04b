using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Wire;
using PooledClients.Resilience;
using PooledClients.Tls;

namespace PooledClients.Http.Retries;

/// <summary>Tells failures that may pass from those that stay, and failures of the server from those of this process.</summary>
internal static class HttpFaults
{
    /// <summary>Whether another attempt may fare better.</summary>
    public static bool IsTransient(HttpResponseMessage? response, Exception? failure)
        => response is not null
            ? response.StatusCode is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || IsServerError(response)
            : failure is not null && (IsLostConnection(failure) || IsTimeout(failure));

    /// <summary>Whether it speaks for the server or against it.</summary>
    /// <param name="response">What came, if anything did.</param>
    /// <param name="failure">Why nothing came.</param>
    /// <param name="call">What it was sent for.</param>
    public static HttpVerdict Judge(HttpResponseMessage? response, Exception? failure, IHttpCall? call) => failure switch
    {
        null => new(IsServerError(response!) ? RequestOutcome.Failed : RequestOutcome.Answered, IsServerError(response!) ? response!.StatusCode : null),
        OperationCanceledException { InnerException: not ConnectionBudgetException } when call is { WasLeftUnanswered: true } => new(RequestOutcome.Failed, failure),
        _ when IsLostConnection(failure) || IsTimeout(failure) => new(RequestOutcome.Failed, failure),

        _ => new(RequestOutcome.Ignored, failure),
    };

    private static bool IsServerError(HttpResponseMessage response)
        => (int)response.StatusCode is >= 500 and < 600 && response.StatusCode is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported);

    private static bool IsLostConnection(Exception exception)
        => exception is HttpRequestException { HttpRequestError: var error } && (error switch
        {
            HttpRequestError.NameResolutionError
                or HttpRequestError.ConnectionError
                or HttpRequestError.SecureConnectionError
                or HttpRequestError.HttpProtocolError
                or HttpRequestError.ResponseEnded => true,

            // A proxy's answer is one like a server's; without one the proxy could not be reached.
            HttpRequestError.ProxyTunnelError => ((HttpRequestException)exception).StatusCode is not { } status || (int)status >= 500,

            // What knows no cause is no lost connection: headers over the server's limit, which are never sent.
            HttpRequestError.Unknown => exception.InnerException is IOException or SocketException or HttpRequestException,
            _ => false,
        })
            && !IsTrustError(exception)
            && !IsLocal(exception);

    // An attempt that a handler of the user's gave its time. A caller's cancellation has no TimeoutException inside, and the exchange's own
    // end is none of ours.
    private static bool IsTimeout(Exception exception)
        => exception is OperationCanceledException { InnerException: TimeoutException } or TimeoutException && !IsLocal(exception);

    private static bool IsTrustError(Exception exception)
        => exception.Find<AuthenticationException>() is not null
            || exception.Find<IdentityRefusedException>() is not null
            || exception.Find<TlsConfigurationException>() is not null;

    // A pool that was disposed is this process's doing too, and so is the time that it gives a connect.
    private static bool IsLocal(Exception exception) => exception.Find<ConnectTimeoutException>() is not null || LocalFault.IsLocal(exception) || exception.InnerException is ObjectDisposedException;
}
