namespace PooledClients.Scenarios.Servers;

/// <summary>How a server treats its calls; it can be told to change while it runs.</summary>
internal sealed record ServerBehaviour
{
    /// <summary>Gets how long each answer takes.</summary>
    public int DelayMs { get; init; }

    /// <summary>Gets the share of answers that take so long; the others are answered at once.</summary>
    public double DelayShare { get; init; } = 1;

    /// <summary>Gets how long each answer of the HTTP API takes.</summary>
    public int ApiDelayMs { get; init; }

    /// <summary>Gets how long an upload is written for, which holds a thread as RocksDB's calls do.</summary>
    public int StoreMs { get; init; }

    /// <summary>Gets the share of calls that are answered <c>Unavailable</c>, or 503 by the HTTP API.</summary>
    public double FailShare { get; init; }

    /// <summary>Gets whether every call is held until the server is told otherwise.</summary>
    public bool Hold { get; init; }

    /// <summary>Gets after how long each connection is closed gracefully; 0 leaves them open.</summary>
    public int CloseConnectionsAfterMs { get; init; }
}
