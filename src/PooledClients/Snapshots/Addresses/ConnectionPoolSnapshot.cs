namespace PooledClients;

/// <summary>The connections to one address within one handler generation.</summary>
public sealed class ConnectionPoolSnapshot
{
    /// <summary>Gets the address.</summary>
    public required string Address { get; init; }

    /// <summary>Gets whose connections they are: <c>grpc</c> or <c>http</c>.</summary>
    public string Kind { get; init; } = "";

    /// <summary>Gets how many connections are open or being opened.</summary>
    public required int Connections { get; init; }

    /// <summary>Gets how many connects wait for a place.</summary>
    public required int Waiting { get; init; }

    /// <summary>Gets how long the oldest of them has waited.</summary>
    public TimeSpan? OldestWait { get; init; }

    /// <summary>Gets whether they wait for the process's budget of connections, and not for <see cref="Limit"/>.</summary>
    public bool WaitsForBudget { get; init; }

    /// <summary>Gets the most connections at a time.</summary>
    public required int Limit { get; init; }
}
