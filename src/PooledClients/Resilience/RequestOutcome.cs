namespace PooledClients.Resilience;

/// <summary>What a request came to, as a breaker sees it.</summary>
internal enum RequestOutcome
{
    /// <summary>It says nothing about the server: it was cancelled, ran into its deadline, or never left the process.</summary>
    Ignored,

    /// <summary>The server answered, if only with an error of the application.</summary>
    Answered,

    /// <summary>The server said that it is unavailable, or could not be reached.</summary>
    Failed,
}
