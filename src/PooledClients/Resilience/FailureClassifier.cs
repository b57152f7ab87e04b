using System.Net;
using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Dialing;
using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Wire;
using PooledClients.Connections.Wire.Frames;
using PooledClients.Platform;
using PooledClients.Tls;
using PooledClients.Tls.Handshakes;

namespace PooledClients.Resilience;

/// <summary>
/// The one judge of what went wrong: whose fault it was, whether the request may have been processed, and what follows. It goes by types
/// and error codes, and by <see cref="RuntimeContracts"/> where the runtime has words alone. Its callers act on the <see cref="Failure"/>.
/// </summary>
internal static class FailureClassifier
{
    // GOAWAY may come at any time, so it proves nothing.
    private static readonly Failure SpeaksHttp11 = Failure.Of(FailureKind.WrongProtocol) with { MayBeProcessed = true };

    // Its words and the pace of what follows are the connection's that never came up; but the server may have read the request.
    private static readonly Failure LostEarly = Failure.Of(FailureKind.NeverCameUp) with { MayBeProcessed = true, Transparent = TransparentRetry.None };

    /// <summary>Classifies what a request's sending, or the reading of its answer, threw.</summary>
    /// <param name="exception">What was thrown.</param>
    /// <param name="progress">How far the request's content got.</param>
    public static Failure Classify(Exception exception, ContentProgress progress = ContentProgress.MaybeSent)
    {
        if (progress == ContentProgress.Unwritable)
        {
            return Failure.Of(FailureKind.MessageUnwritable);
        }

        var failure = ClassifyCauses(exception);
        var isLost = failure.MayBeProcessed && failure.Owner is FaultOwner.Network or FaultOwner.Server;
        return isLost && progress == ContentProgress.NeverAsked ? Failure.Of(FailureKind.NeverSent) : failure;
    }

    /// <summary>Classifies the status of a gRPC answer that brings no message.</summary>
    public static Failure Classify(StatusCode status) => Failure.Of(status == StatusCode.Unavailable ? FailureKind.SaidUnavailable : FailureKind.SaidError);

    /// <summary>Classifies an HTTP answer that is no success.</summary>
    public static Failure Classify(HttpStatusCode status) => Failure.Of(
        (int)status is >= 500 and < 600 && status is not (HttpStatusCode.NotImplemented or HttpStatusCode.HttpVersionNotSupported)
            ? FailureKind.SaidUnavailable
            : FailureKind.SaidError);

    /// <summary>What an exception says to a person: the words of the cause that knows most, after what they mean where they do not say it.</summary>
    public static string Describe(Exception exception, FailureKind kind, string address) => kind switch
    {
        FailureKind.Untrusted => $"{address} and this client do not trust each other: {TrustWords(exception)}",
        FailureKind.WrongProtocol => exception.Find<WrongProtocolException>()?.Message
            ?? (exception.Find<HttpProtocolException>() is null && exception.Find<WentAwayException>() is null
                ? $"{address} did not negotiate HTTP/2, which gRPC needs: let its TLS endpoint offer \"h2\" (ALPN)."
                : WrongProtocolException.DescribeHttp11(address)),
        FailureKind.ConnectFailed or FailureKind.OutOfDescriptors or FailureKind.Starved => $"No connection to {address} could be made: {ConnectWords(exception, address)}",
        FailureKind.NeverCameUp => $"The connection to {address} ended before the server had begun to speak HTTP/2{EarlyEndWords(exception, address)}: {exception.GetBaseException().Message}",
        FailureKind.RequestHeadersTooLarge => $"The headers of the request are larger than {address} allows, so nothing was sent: {exception.Message}",
        FailureKind.ResponseHeadersTooLarge
            => $"The headers of an answer of {address} are larger than this client allows (ConfigureHandler: MaxResponseHeadersLength), which ended the connection: "
            + exception.GetBaseException().Message,
        FailureKind.StreamRefused or FailureKind.AboveLastStream or FailureKind.NeverSent
            => $"{address} did not take the request, which was not processed: {exception.Message}",
        FailureKind.ConnectionLost or FailureKind.ProtocolBroken => $"The connection to {address} ended before the response: {exception.Message}",
        FailureKind.AnswerInvalid => $"The answer of {address} makes no sense: {exception.GetBaseException().Message}",
        FailureKind.Disposed => $"The connections to {address} were closed by this process: {exception.Message}",
        _ => $"Error starting gRPC call. {Chain(exception)}",
    };

    private static Failure ClassifyCauses(Exception exception)
    {
        if (exception is RpcException rpc)
        {
            return ClassifyRpc(rpc);
        }

        if (LocalFault.IsOutOfDescriptors(exception))
        {
            return Failure.Of(FailureKind.OutOfDescriptors);
        }

        Failure? found = null;
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            var failure = ClassifyOne(cause);
            if (failure is { Owner: not FaultOwner.Network } or { Kind: FailureKind.NeverSent })
            {
                // What knows whose fault it is knows more than what has only lost a connection, however deep it is.
                return failure;
            }

            // A request that is cancelled has its connection torn down: only the connect timeout, which nobody asked for, tells of the network.
            if (exception is not OperationCanceledException || failure is { Kind: FailureKind.ConnectFailed })
            {
                found ??= failure;
            }
        }

        return found ?? Failure.Of(exception is OperationCanceledException ? FailureKind.Cancelled : FailureKind.Unknown);
    }

    // A status of ours, or of an interceptor, has what it is made of inside; one of the server's has nothing.
    private static Failure ClassifyRpc(RpcException exception)
    {
        var cause = exception.Status.DebugException ?? exception.InnerException;
        if (cause is IOException failed && !RuntimeContracts.IsOfConnection(failed))
        {
            // A deserialiser's or an interceptor's: the channel has Unavailable for it, as for a connection's.
            return Failure.Of(FailureKind.Unknown);
        }

        var failure = cause is null ? Classify(exception.StatusCode) : ClassifyCauses(cause);
        return failure.Owner is FaultOwner.Process or FaultOwner.Trust ? failure
            : exception.StatusCode switch
            {
                StatusCode.Cancelled when failure.Kind is not FailureKind.StreamReset => Failure.Of(FailureKind.Cancelled),
                StatusCode.DeadlineExceeded => Failure.Of(FailureKind.DeadlinePassed),
                StatusCode.Unavailable or StatusCode.Internal when cause is not null && failure.IsTransient => failure,
                _ when failure.Status == exception.StatusCode => failure,
                _ => Classify(exception.StatusCode),
            };
    }

    private static Failure? ClassifyOne(Exception cause) => cause switch
    {
        ConnectionBudgetException => Failure.Of(FailureKind.BudgetSpent),
        BreakerOpenException => Failure.Of(FailureKind.BreakerOpen),
        WrongProtocolException => Failure.Of(FailureKind.WrongProtocol),
        AuthenticationException or TlsConfigurationException or IdentityRefusedException => Failure.Of(FailureKind.Untrusted),
        ConnectionOverException => Failure.Of(FailureKind.NeverSent),
        EndedBeforeSettingsException early => early.MayBeProcessed ? LostEarly : Failure.Of(FailureKind.NeverCameUp),
        StreamRefusedException => Failure.Of(FailureKind.StreamRefused),
        ConnectTimeoutException connect => Failure.Of(connect.IsStarved ? FailureKind.Starved : FailureKind.ConnectFailed),

        ObjectDisposedException disposed => ClassifyDisposed(disposed.ObjectName),
        RpcException rpc => ClassifyRpc(rpc),
        HttpProtocolException protocol => ClassifyProtocol(protocol),
        WentAwayException { ErrorCode: (int)Http2Error.Http11Required } => SpeaksHttp11,
        HttpIOException { HttpRequestError: var error } => ClassifyRequest(cause, error),
        HttpRequestException { HttpRequestError: var error } => ClassifyRequest(cause, error),

        // The handler's own connect timeout; a caller's cancellation has none inside.
        TimeoutException => Failure.Of(FailureKind.ConnectFailed),
        IOException or SocketException => RuntimeContracts.IsHandshakeUnfinished(cause) ? Failure.Of(FailureKind.NeverCameUp) : Failure.Of(FailureKind.ConnectionLost),
        _ when RuntimeContracts.IsResponseHeaderLimit(cause) => Failure.Of(FailureKind.ResponseHeadersTooLarge),
        _ => null,
    };

    private static Failure? ClassifyDisposed(string name) =>
        RuntimeContracts.IsOfConnection(name) ? Failure.Of(FailureKind.ConnectionLost)
        : RuntimeContracts.IsOfSender(name) ? Failure.Of(FailureKind.Disposed)
        : null;

    private static Failure ClassifyProtocol(HttpProtocolException protocol) =>
        RuntimeContracts.IsConnectionClose(protocol)
            ? protocol.ErrorCode == Http2Error.Http11Required ? SpeaksHttp11 : Failure.Of(FailureKind.ConnectionLost)
        : RuntimeContracts.IsConnectionError(protocol) ? Failure.Of(FailureKind.ProtocolBroken)
        : Failure.OfReset(protocol.ErrorCode);

    private static Failure? ClassifyRequest(Exception cause, HttpRequestError error) => error switch
    {
        // The runtime calls it an invalid response, which an answer would be.
        _ when RuntimeContracts.IsHandshakeUnfinished(cause) => Failure.Of(FailureKind.NeverCameUp),
        HttpRequestError.NameResolutionError or HttpRequestError.ConnectionError or HttpRequestError.SecureConnectionError or HttpRequestError.ProxyTunnelError
            => Failure.Of(FailureKind.ConnectFailed),
        HttpRequestError.VersionNegotiationError => Failure.Of(FailureKind.WrongProtocol),
        HttpRequestError.ConfigurationLimitExceeded => Failure.Of(FailureKind.ResponseHeadersTooLarge),
        HttpRequestError.InvalidResponse or HttpRequestError.ExtendedConnectNotSupported or HttpRequestError.UserAuthenticationError
            => Failure.Of(FailureKind.AnswerInvalid),
        _ when RuntimeContracts.GaveUpSendingAgain(cause)
            => Failure.Of(((HttpProtocolException)cause.InnerException!).ErrorCode == Http2Error.RefusedStream ? FailureKind.StreamRefused : FailureKind.AboveLastStream),
        _ when RuntimeContracts.IsRequestHeaderLimit(cause) => Failure.Of(FailureKind.RequestHeadersTooLarge),
        _ when RuntimeContracts.IsConnectionShutDown(cause) => Failure.Of(FailureKind.NeverSent),

        // What it wraps tells more; alone it is a connection that was lost.
        _ when cause.InnerException is not null => null,
        _ => Failure.Of(FailureKind.ConnectionLost),
    };

    // The layers around it only tell that a handshake failed.
    private static string TrustWords(Exception exception) =>
        ((Exception?)exception.Find<IdentityRefusedException>() ?? exception.Find<ServerTrustException>() ?? exception.GetBaseException()).Message;

    // The runtime's words, and the way out where they show none.
    private static string ConnectWords(Exception exception, string address)
    {
        var words = AddressText.WithoutUserInfo((exception is HttpRequestException { InnerException: { } inner } ? inner : exception).Message);
        return exception.Find<SocketException>()?.SocketErrorCode switch
        {
            SocketError.HostNotFound or SocketError.NoData
                => $"{words} (DNS does not know the name: give it in full, or have service discovery resolve it where it is one of its names)",

            // What a path that is not there comes to.
            SocketError.AddressNotAvailable when IsUnix(address)
                => "there is no such socket: does the server run, is it the path that it listens on, and may this process search its folders?",
            SocketError.ConnectionRefused when IsUnix(address) => "no server listens on the socket, whose file is there",
            _ => words,
        };
    }

    // Three common mistakes look like this and like nothing else.
    private static string EarlyEndWords(Exception exception, string address) =>
        exception.Find<EndedBeforeSettingsException>()?.Refusal is { } refusal ? $" ({refusal})"
        : address.StartsWith("http://", StringComparison.Ordinal) ? " (as one does that speaks TLS, whose address begins with https://)"
        : IsUnix(address) ? string.Empty
        : " (as one does, over TLS 1.3, that asks for a client certificate and is shown none: Tls:ClientCertificatePath)";

    private static bool IsUnix(string address) => address.StartsWith("unix:", StringComparison.Ordinal);

    private static string Chain(Exception exception) =>
        $"{exception.GetType().Name}: {exception.Message}{(exception.InnerException is { } inner ? " " + Chain(inner) : null)}";
}
