namespace PooledClients.Connections;

/// <summary>Why the last dial failed, and the timestamp before which there is no next one.</summary>
internal sealed record ConnectFailure(Exception Exception, long NextDialAt);
