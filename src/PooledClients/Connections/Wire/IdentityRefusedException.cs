namespace PooledClients.Connections.Wire;

/// <summary>The server ended the connection at once after a handshake that sent our certificate: all that TLS 1.3 shows of a refusal.</summary>
internal sealed class IdentityRefusedException(string message, Exception? cause) : IOException(message, cause);
