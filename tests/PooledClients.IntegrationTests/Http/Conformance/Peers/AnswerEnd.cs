namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>What becomes of the connection after an answer.</summary>
internal enum AnswerEnd
{
    /// <summary>The next request is awaited.</summary>
    Keep,

    /// <summary>The server closes it.</summary>
    Close,

    /// <summary>The server resets it.</summary>
    Reset,

    /// <summary>The server does nothing more and waits for the client to close it.</summary>
    Hold,
}
