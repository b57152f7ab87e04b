namespace PooledClients.Resilience;

/// <summary>Whose fault a failed call is, which decides whether another attempt can help and whether the breaker counts it.</summary>
internal enum FailureClass
{
    /// <summary>An answer of the server, or an end that the caller set: a cancellation, a deadline.</summary>
    Final,

    /// <summary>The server said that it is unavailable, or the connection was not there or was lost.</summary>
    Transient,

    /// <summary>This process's own: no descriptors, a spent budget, an open breaker, something disposed.</summary>
    Local,

    /// <summary>The server is not who it should be, or we are not.</summary>
    Trust,
}
