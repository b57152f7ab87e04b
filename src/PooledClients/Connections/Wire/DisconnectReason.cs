using System.Net.Sockets;

namespace PooledClients.Connections.Wire;

/// <summary>Why a connection ended, in the words of gRFC A94: a closed list, so that they may be an attribute.</summary>
internal static class DisconnectReason
{
    /// <summary>This side let go of it.</summary>
    public const string Shutdown = "subchannel shutdown";

    /// <summary>The other side ended it without a word.</summary>
    public const string Unknown = "unknown";

    public static string GoAway(string code) => $"GOAWAY {code}";

    public static string Of(Exception exception)
    {
        for (var cause = exception; cause is not null; cause = cause.InnerException)
        {
            switch (cause)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionReset }:
                    return "connection reset";
                case SocketException { SocketErrorCode: SocketError.TimedOut }:
                    return "connection timed out";
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
