namespace PooledClients.Connections.Wire;

/// <summary>
/// The runtime asked for a second connection in place of one that is over. It does so for a request that it never sent, or of which it
/// knows that the server has not processed it, so nothing of the request was processed.
/// </summary>
internal sealed class ConnectionOverException(string address) : IOException($"The connection to {address} takes no new request.");
