namespace PooledClients.Http.Retries;

/// <summary>What a retry and a breaker have to know of the exchange they work for.</summary>
internal interface IHttpCall
{
    /// <summary>Gets what is left until the deadline, or until the caller's client stops waiting; infinite without either, never negative.</summary>
    TimeSpan RemainingToCaller { get; }

    /// <summary>Gets where the request of the present attempt is.</summary>
    RequestStage Stage { get; }

    /// <summary>Gets whether an answer that came is the server's, and none that a handler gave by itself; without a transport of ours it is taken for that.</summary>
    bool IsServersAnswer { get; }

    /// <summary>Gets whether the deadline is what the client gives each request, and not the caller's own.</summary>
    bool HasClientsDeadline { get; }

    /// <summary>Gets whether the deadline passed while it was the server's turn.</summary>
    bool WasLeftUnanswered { get; }

    /// <summary>Tells that the attempt is over, and the time up to the next one is spent waiting for it.</summary>
    void BackOff();
}
