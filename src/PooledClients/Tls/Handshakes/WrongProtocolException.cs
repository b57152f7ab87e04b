using System.Security.Authentication;

namespace PooledClients.Tls.Handshakes;

/// <summary>
/// What answers at the address speaks something else than it was dialed for. It is an <see cref="AuthenticationException"/>, as any failed
/// handshake is, but no matter of trust: another address, or another setting of the server, mends it, and trying again does not.
/// </summary>
internal sealed class WrongProtocolException(string message) : AuthenticationException(message);
