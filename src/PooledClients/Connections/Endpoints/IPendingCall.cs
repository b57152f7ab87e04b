namespace PooledClients.Connections.Endpoints;

/// <summary>A call on its way to a connection.</summary>
internal interface IPendingCall
{
    /// <summary>Whether no connection has taken it yet, and it has not ended.</summary>
    bool IsPending { get; }

    /// <summary>
    /// Has the destination told, by <see cref="Destination.CallTaken"/>, when a connection has taken the call or it has ended; at once
    /// if that was so already.
    /// </summary>
    void ReportTo(Destination destination)
    {
    }
}
