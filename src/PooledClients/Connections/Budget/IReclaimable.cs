namespace PooledClients.Connections.Budget;

/// <summary>A pool of connections that can be asked to close those nobody uses, so that others may open theirs.</summary>
internal interface IReclaimable
{
    string Address { get; }

    int Connections { get; }

    /// <summary>The timestamp, of the container's <see cref="TimeProvider"/>, of the last request's start or end: the smallest goes first.</summary>
    long LastUsed { get; }

    /// <summary>
    /// Replaces the generation when no request is in flight, which closes its idle connections at once; otherwise gives up what its
    /// requests can do without, if anything. The gate holds no lock while it calls this.
    /// </summary>
    /// <returns>How many connections it gives back.</returns>
    int Reclaim();
}
