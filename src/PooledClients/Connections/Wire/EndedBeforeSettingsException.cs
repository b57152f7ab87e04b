namespace PooledClients.Connections.Wire;

/// <summary>
/// A connection ended before the server's first SETTINGS frame, which is the first thing that it has to say (RFC 9113, section 3.4):
/// it never was an HTTP/2 connection, and what was written to it was processed by nobody.
/// </summary>
internal sealed class EndedBeforeSettingsException(Exception? cause)
    : IOException("The connection ended before the server had begun to speak HTTP/2.", cause);
