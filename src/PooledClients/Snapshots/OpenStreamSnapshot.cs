namespace PooledClients;

/// <summary>A gRPC streaming call in flight: it holds a stream of a connection until it ends or is disposed.</summary>
public sealed class OpenStreamSnapshot
{
    /// <summary>Gets the address that was called.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the full name of the method.</summary>
    public required string Method { get; init; }

    /// <summary>Gets how long ago it began.</summary>
    public required TimeSpan HeldFor { get; init; }
}
