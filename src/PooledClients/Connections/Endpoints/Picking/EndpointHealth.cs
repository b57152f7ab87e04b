namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>Whether an endpoint takes calls, as far as their failures say.</summary>
internal enum EndpointHealth
{
    /// <summary>It takes calls.</summary>
    Well,

    /// <summary>It was left out for a while that is over: it takes one call at a time.</summary>
    Probing,

    /// <summary>It is left out.</summary>
    Ejected,
}
