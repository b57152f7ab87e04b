namespace PooledClients.Connections.Endpoints.Http2;

/// <summary>How a call's wait for a connection has ended.</summary>
/// <param name="Connection">The connection, which counts the call already; none when there is none to be had.</param>
/// <param name="Failure">Why the last dial failed; none when the pool is closed.</param>
internal readonly record struct ConnectionGrant(Http2Connection? Connection, Exception? Failure);
