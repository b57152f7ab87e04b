namespace PooledClients.Connections;

/// <summary>The last connect to an address failed, and the next one is not due yet: the failure is shared by all who wait.</summary>
internal sealed class ConnectFailedException(string address, Exception cause)
    : IOException($"The last connect to {address} failed: {cause.Message}", cause);
