namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>What an endpoint says to a request of our own.</summary>
internal enum EndpointAnswer
{
    /// <summary>It was not asked: no connection has room.</summary>
    NotAsked,

    /// <summary>It answers, whatever.</summary>
    Answered,

    /// <summary>It answers that it is unavailable.</summary>
    Unavailable,

    /// <summary>The connection has failed.</summary>
    Failed,
}
