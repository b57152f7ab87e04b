namespace PooledClients.Scenarios.Contenders;

/// <summary>The clients of a contender in one process.</summary>
internal abstract class GrpcClients : IAsyncDisposable
{
    /// <summary>Gives the stub for one call by one of the clients.</summary>
    public abstract StubLease Take(int client);

    /// <summary>Does by hand what a contender that cannot follow a change of certificates must do: builds anew.</summary>
    public virtual void Rebuild()
    {
    }

    public abstract ValueTask DisposeAsync();
}
