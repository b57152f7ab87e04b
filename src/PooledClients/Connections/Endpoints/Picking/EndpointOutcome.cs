namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>What the end of a call says of the endpoint that had it.</summary>
internal enum EndpointOutcome : byte
{
    /// <summary>It answered, whatever the answer was worth to the caller.</summary>
    Answered,

    /// <summary>It, or the network to it, failed.</summary>
    Failed,

    /// <summary>Nothing: the caller gave up, or this process could not.</summary>
    Unknown,
}
