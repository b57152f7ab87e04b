namespace PooledClients.Http.Retries;

/// <summary>Where a request is, or was last, in its present attempt.</summary>
internal enum RequestStage
{
    /// <summary>With the handlers in front of the transport: what comes of it is theirs, and says nothing of the server.</summary>
    WithHandlers,

    /// <summary>With the transport, which either has it or has failed with it.</summary>
    WithTransport,

    /// <summary>Answered: what goes wrong from here on is the handlers' again.</summary>
    Answered,
}
