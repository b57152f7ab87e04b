namespace PooledClients.Connections.Dialing;

/// <summary>Why the last dial failed, and the timestamp before which there is no next one.</summary>
internal sealed record ConnectFailure(Exception Exception, long NextDialAt);
