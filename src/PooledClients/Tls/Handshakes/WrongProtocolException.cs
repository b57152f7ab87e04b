using System.Security.Authentication;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// What answers at the address speaks something else than it was dialed for. It is an <see cref="AuthenticationException"/>, as any failed
/// handshake is, but no matter of trust: another address, or another setting of the server, mends it, and trying again does not.
/// </summary>
internal sealed class WrongProtocolException(string message) : AuthenticationException(message)
{
    /// <summary>What is said of a server without HTTP/2.</summary>
    public static string DescribeHttp11(string server) =>
        $"{server} speaks HTTP/1.1 only, and gRPC needs HTTP/2: let its endpoint allow it (in clear text, HTTP/2 alone).";
}
