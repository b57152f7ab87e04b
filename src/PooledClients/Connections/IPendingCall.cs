namespace PooledClients.Connections;

/// <summary>A call on its way to a connection.</summary>
internal interface IPendingCall
{
    /// <summary>Whether no connection has taken it yet, and it has not ended.</summary>
    bool IsPending { get; }

    /// <summary>Told that it is looked at beyond its end: whoever uses the object for several calls must not use it again.</summary>
    void Keep()
    {
    }
}
