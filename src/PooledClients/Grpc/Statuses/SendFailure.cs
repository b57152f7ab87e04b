using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Grpc.Statuses;

/// <summary>What a failed send proves, and what it does not.</summary>
internal static class SendFailure
{
    private const long RefusedStream = 7;
    private const long Cancel = 8;
    private const long EnhanceYourCalm = 11;
    private const long InadequateSecurity = 12;

    /// <summary>No connection could be made: nothing was sent.</summary>
    public static bool IsConnectFailure(Exception exception) => exception is HttpRequestException
    {
        HttpRequestError: HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError
            or HttpRequestError.ProxyTunnelError or HttpRequestError.VersionNegotiationError,
    };

    /// <summary>The server speaks, but not HTTP/2.</summary>
    public static bool IsWithoutHttp2(Exception exception) => exception is HttpRequestException { HttpRequestError: HttpRequestError.VersionNegotiationError };

    /// <summary>The peers do not trust each other, which trying again does not heal.</summary>
    public static bool IsTrustFailure(Exception exception) => exception.Find<AuthenticationException>() is not null || exception.Find<IdentityRefusedException>() is not null;

    /// <summary>What a failure of trust says where it is known best: the layers around it only tell that a handshake failed.</summary>
    public static string DescribeTrustFailure(Exception exception) =>
        ((Exception?)exception.Find<IdentityRefusedException>() ?? exception.Find<ServerTrustException>() ?? exception.GetBaseException()).Message;

    /// <summary>The transport failed, and not the message, which would fail again.</summary>
    public static bool IsTransportFailure(Exception exception) => exception is HttpRequestException or IOException or ObjectDisposedException;

    /// <summary>The server has refused the stream, which says that it has not processed the request (RFC 9113, section 8.7).</summary>
    public static bool IsRefused(Exception exception) => exception.Find<HttpProtocolException>() is { ErrorCode: RefusedStream };

    /// <summary>The runtime wanted another connection in place of one that is over: nothing of the request was processed.</summary>
    public static bool IsConnectionOver(Exception exception) => exception.Find<ConnectionOverException>() is not null;

    /// <summary>A protocol error names one, of the stream or of the connection.</summary>
    public static bool IsProtocolError(Exception exception) => exception.Find<HttpProtocolException>() is not null;

    /// <summary>
    /// What a failed send is to the call, in the status (gRPC over HTTP/2, "Errors") and the words that the channel would have for it. A
    /// cancellation and what is no failure of a send stay as they are.
    /// </summary>
    public static Exception AsRpcException(Exception exception) =>
        exception is RpcException || !IsTransportFailure(exception)
            ? exception
            : new RpcException(new Status(StatusOf(exception), $"Error starting gRPC call. {Describe(exception)}", exception));

    /// <summary>The server has had enough: of pings, most often.</summary>
    public static bool IsEnhanceYourCalm(Exception exception) => exception.Find<HttpProtocolException>() is { ErrorCode: EnhanceYourCalm };

    /// <summary>The connection ended under the request, rather than the request alone.</summary>
    public static bool IsConnectionLoss(Exception exception)
    {
        if (exception.Find<HttpProtocolException>() is { } protocol)
        {
            return protocol.Message.Contains("closed the connection", StringComparison.Ordinal) || protocol.Message.Contains("shut down the connection", StringComparison.Ordinal);
        }

        return exception is HttpRequestException { HttpRequestError: HttpRequestError.ResponseEnded } || exception.Find<IOException>() is not null
            || IsUnfinishedHandshake(exception);
    }

    private static string Describe(Exception exception) =>
        $"{exception.GetType().Name}: {exception.Message}{(exception.InnerException is { } inner ? " " + Describe(inner) : null)}";

    private static StatusCode StatusOf(Exception exception) => exception.Find<HttpProtocolException>()?.ErrorCode switch
    {
        RefusedStream => StatusCode.Unavailable,
        Cancel => StatusCode.Cancelled,
        EnhanceYourCalm => StatusCode.ResourceExhausted,
        InadequateSecurity => StatusCode.PermissionDenied,
        null when exception.Find<SocketException>() is not null => StatusCode.Unavailable,
        _ => StatusCode.Internal,
    };

    // The runtime has the same to say in words alone, when its own reading sees the end first.
    private static bool IsUnfinishedHandshake(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            if (cause is ConnectionOverException || cause.Message.Contains("did not complete the HTTP/2 handshake", StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
