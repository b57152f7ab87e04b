namespace PooledClients.Connections.Endpoints;

/// <summary>A dial was given up because no call waited for it. A call that arrives at that very moment is sent again.</summary>
internal sealed class DialAbandonedException(string address)
    : IOException($"The connect to {address} was given up: no call waited for it any more.");
