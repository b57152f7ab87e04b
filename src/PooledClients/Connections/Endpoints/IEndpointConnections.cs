namespace PooledClients.Connections.Endpoints;

/// <summary>The connections to one endpoint, as far as the set that it is in goes.</summary>
internal interface IEndpointConnections
{
    /// <summary>Whether a call to it waits for no dial, as far as can be known.</summary>
    bool IsReady { get; }

    /// <summary>Whether nothing of it is left: no connection, no dial.</summary>
    bool IsGone { get; }

    /// <summary>Why connecting failed last; none when it did not.</summary>
    Exception? LastFailure { get; }

    /// <summary>Makes a connection ahead where there is none, so that the first call waits for no dial.</summary>
    /// <param name="isWaitedFor">
    /// Whether calls of the set wait for it: it waits in line for room within the budget, until <see cref="Abandon"/>. Otherwise it is made
    /// only where there is room that nobody waits for.
    /// </param>
    void Prepare(bool isWaitedFor = false);

    /// <summary>No call of the set waits any more.</summary>
    void Abandon();

    /// <summary>Takes no call any more; what is under way may come to its end.</summary>
    void Close();
}
