namespace PooledClients;

/// <summary>A gRPC streaming call in flight: it holds a stream of a connection until it ends or is disposed.</summary>
public sealed class OpenStreamSnapshot
{
    /// <summary>Gets the name of the client that made the call; <see langword="null"/> where it is not known.</summary>
    public string? Client { get; init; }

    /// <summary>Gets the address that was called.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the full name of the method.</summary>
    public required string Method { get; init; }

    /// <summary>Gets how long ago it began.</summary>
    public required TimeSpan HeldFor { get; init; }

    /// <summary>Gets for how long nobody has read it; <see langword="null"/> while somebody does.</summary>
    public TimeSpan? UnreadFor { get; init; }

    /// <summary>Gets where the call was made from; <see langword="null"/> when this one was not sampled.</summary>
    public string? Origin { get; init; }
}
