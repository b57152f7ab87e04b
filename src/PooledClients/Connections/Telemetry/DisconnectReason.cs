using System.Net.Sockets;

namespace PooledClients.Connections.Telemetry;

/// <summary>Why a connection ended, in the words of gRFC A94: a closed list, so that they may be an attribute.</summary>
internal static class DisconnectReason
{
    /// <summary>This side let go of it.</summary>
    public const string Shutdown = "subchannel shutdown";

    /// <summary>The other side was silent for too long, to TCP or to a keepalive ping.</summary>
    public const string TimedOut = "connection timed out";

    /// <summary>The other side ended it without a word.</summary>
    public const string Unknown = "unknown";

    // RFC 9113, section 7.
    private static readonly string[] Codes =
    [
        "NO_ERROR", "PROTOCOL_ERROR", "INTERNAL_ERROR", "FLOW_CONTROL_ERROR", "SETTINGS_TIMEOUT", "STREAM_CLOSED", "FRAME_SIZE_ERROR", "REFUSED_STREAM",
        "CANCEL", "COMPRESSION_ERROR", "CONNECT_ERROR", "ENHANCE_YOUR_CALM", "INADEQUATE_SECURITY", "HTTP_1_1_REQUIRED",
    ];

    public static string GoAway(string code) => $"GOAWAY {code}";

    /// <summary>The name of an HTTP/2 error code; of one that has none, UNKNOWN: the list stays closed.</summary>
    public static string CodeOf(int code) => (uint)code < (uint)Codes.Length ? Codes[code] : "UNKNOWN";

    public static string Of(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return "connection reset";
                case SocketException { SocketErrorCode: SocketError.TimedOut }:
                    return TimedOut;
                case SocketException { SocketErrorCode: SocketError.ConnectionAborted }:
                    return "connection aborted";
                case SocketException { SocketErrorCode: SocketError.OperationAborted } or ObjectDisposedException or OperationCanceledException:
                    return Shutdown;
                case SocketException:
                    return "socket error";
            }
        }

        return Unknown;
    }
}
