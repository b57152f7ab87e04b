namespace PooledClients.Connections;

/// <summary>A call on its way to a connection.</summary>
internal interface IPendingCall
{
    /// <summary>Whether a connection has taken it.</summary>
    bool WasAsked { get; }
}
