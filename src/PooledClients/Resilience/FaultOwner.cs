namespace PooledClients.Resilience;

/// <summary>Whose fault a failure is.</summary>
internal enum FaultOwner
{
    /// <summary>The caller's: it cancelled, its deadline passed, its message cannot be written.</summary>
    Caller,

    /// <summary>This process's: a limit of its own, no descriptors, no processor time, something disposed.</summary>
    Process,

    /// <summary>The network's: no connection could be made, or one was lost. Whether the server had a part in it is not known.</summary>
    Network,

    /// <summary>The server's: it said so, or broke the protocol.</summary>
    Server,

    /// <summary>Either side's set-up: the server is not who it should be, or does not take us for who we say.</summary>
    Trust,
}
