namespace PooledClients.Grpc.Telemetry;

/// <summary>What a call may wait for.</summary>
internal enum WaitPhase
{
    /// <summary>The limit on calls in flight.</summary>
    Admission,

    /// <summary>A connection: the next dial to be due, or one under way to come up.</summary>
    Dial,

    /// <summary>A stream of a connection that is up.</summary>
    Stream,

    /// <summary>The process's budget of connections.</summary>
    Budget,

    /// <summary>The server.</summary>
    Response,

    /// <summary>The pause before the next attempt.</summary>
    Retry,

    /// <summary>Nothing: the deadline of the inbound call had passed before this one was made.</summary>
    Before,
}
