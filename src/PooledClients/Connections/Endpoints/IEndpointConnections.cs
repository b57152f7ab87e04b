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
    void Prepare();

    /// <summary>Takes no call any more; what is under way may come to its end.</summary>
    void Close();
}
