namespace PooledClients.Connections.Wire;

/// <summary>A request's content that the runtime may have to give to a connection once only.</summary>
internal interface ISentOnce
{
    /// <summary>Gets whether it may be given to none any more: the headers of its request are not written again either.</summary>
    bool WasSentOnce { get; }
}
