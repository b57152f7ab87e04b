namespace PooledClients.Connections.Endpoints;

/// <summary>How a call's wait for a stream has ended.</summary>
internal enum CallOutcome
{
    /// <summary>It has a stream, which it has to give back.</summary>
    Granted,

    /// <summary>The dial that it waited for failed.</summary>
    Failed,

    /// <summary>The generation was replaced; the next one takes it.</summary>
    Moved,
}
