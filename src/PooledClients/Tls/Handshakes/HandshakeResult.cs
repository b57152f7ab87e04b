using System.Net.Sockets;
using System.Security.Authentication;

namespace PooledClients.Tls.Handshakes;

/// <summary>How a handshake ended, in the words of gRFC A118.</summary>
internal static class HandshakeResult
{
    public const string Success = "SUCCESS";
    public const string Unknown = "UNKNOWN_FAILURE";
    public const string ConnectionClosed = "PEER_CONNECTION_CLOSED";

    private const string VerificationFailed = "CERTIFICATE_VERIFICATION_FAILED";

    public static string Of(Exception exception)
    {
        if (ServerTrustException.TryFind(exception, out var refusal))
        {
            return Of(refusal.Failure);
        }

        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case OperationCanceledException or TimeoutException:
                    return "HANDSHAKE_TIMEOUT";
                case AuthenticationException:
                    return Unknown;
                case SocketException or EndOfStreamException:
                    return ConnectionClosed;
            }
        }

        return exception is IOException ? ConnectionClosed : Unknown;
    }

    /// <summary>From the description of a TLS alert (RFC 8446, 6).</summary>
    public static string OfAlert(byte description) => description switch
    {
        10 => "UNEXPECTED_MESSAGE",
        20 or 21 or 51 => "DECRYPTION_FAILED",
        42 or 43 or 46 or 116 => VerificationFailed,
        44 => "CERTIFICATE_REVOKED",
        45 => "CERTIFICATE_EXPIRED",
        48 => "CERTIFICATE_AUTHORITY_INVALID",
        70 => "PROTOCOL_VERSION_UNSUPPORTED",
        71 => "CIPHER_SUITE_MISMATCH",
        86 => "INAPPROPRIATE_FALLBACK",
        120 => "NO_APPLICATION_PROTOCOL",
        0 => ConnectionClosed,
        _ => Unknown,
    };

    private static string Of(TrustFailure failure) => failure switch
    {
        TrustFailure.Revoked => "CERTIFICATE_REVOKED",
        TrustFailure.BadSignature => "SIGNATURE_VERIFICATION_FAILED",
        TrustFailure.UnknownAuthority => "CERTIFICATE_AUTHORITY_INVALID",
        TrustFailure.Expired => "CERTIFICATE_EXPIRED",
        TrustFailure.NotYetValid => "CERTIFICATE_NOT_YET_VALID",
        TrustFailure.WrongHost => "CERTIFICATE_HOSTNAME_MISMATCH",
        _ => VerificationFailed,
    };
}
