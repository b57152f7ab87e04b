using System.Net.Http;
using System.Net.Sockets;
using System.Security.Authentication;
using Grpc.Core;
using Polly.CircuitBreaker;
using PooledClients.Connections.Descriptors;
using PooledClients.Connections.Wire;
using PooledClients.Resilience;
using PooledClients.Tls;

namespace PooledClients.Grpc.Statuses;

/// <summary>Tells whose fault a failed gRPC call is.</summary>
internal static class GrpcFailure
{
    private const long FrameSizeError = 0x6;
    private const long CompressionError = 0x9;
    private const long Http11Required = 0xd;

    public static FailureClass Classify(RpcException failure)
    {
        var cause = Cause(failure.Status.DebugException ?? failure.InnerException);
        return cause is FailureClass.Local or FailureClass.Trust
            ? cause.Value
            : failure.StatusCode switch
            {
                StatusCode.Unavailable => FailureClass.Transient,

                // A server that says Internal has no exception to show for it; a connection that was lost has. It surfaces so after
                // a GOAWAY with NO_ERROR and when a ping is not answered.
                StatusCode.Internal when cause is FailureClass.Transient => FailureClass.Transient,
                _ => FailureClass.Final,
            };
    }

    /// <summary>What an answer says about the server: one that says it is unavailable counts as none.</summary>
    public static RequestOutcome Judge(HttpResponseMessage response) => Judge(GrpcAnswer.StatusOf(response));

    /// <summary>What the status of an answer without a message says about the server.</summary>
    public static RequestOutcome Judge(StatusCode? status) => status == StatusCode.Unavailable ? RequestOutcome.Failed : RequestOutcome.Answered;

    /// <summary>What a failed request says about the server.</summary>
    public static RequestOutcome Judge(Exception exception) =>
        Cause(exception) is FailureClass.Transient or FailureClass.Final ? RequestOutcome.Failed : RequestOutcome.Ignored;

    /// <summary>What an exception below the gRPC layer shows; <see langword="null"/> when it shows nothing.</summary>
    public static FailureClass? Cause(Exception? exception)
    {
        if (exception is not null && LocalFault.IsLocal(exception))
        {
            return FailureClass.Local;
        }

        FailureClass? found = null;
        for (var e = exception; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case AuthenticationException or TlsConfigurationException or IdentityRefusedException:
                    return FailureClass.Trust;
                case BrokenCircuitException or ObjectDisposedException:
                    return FailureClass.Local;
                case HttpProtocolException { ErrorCode: FrameSizeError or CompressionError or Http11Required }:
                case HttpRequestException
                {
                    HttpRequestError: HttpRequestError.VersionNegotiationError or HttpRequestError.InvalidResponse
                        or HttpRequestError.ConfigurationLimitExceeded or HttpRequestError.ExtendedConnectNotSupported
                        or HttpRequestError.UserAuthenticationError,
                }:
                    found = FailureClass.Final;
                    break;
                case HttpRequestException or IOException or SocketException:
                    found ??= FailureClass.Transient;
                    break;
            }
        }

        return found;
    }
}
