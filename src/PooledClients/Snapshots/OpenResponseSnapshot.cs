namespace PooledClients;

/// <summary>An HTTP response whose body is neither read to its end nor disposed: it holds a connection, or a stream of one.</summary>
public sealed class OpenResponseSnapshot
{
    /// <summary>Gets the name of the client that sent the request; empty for the unnamed one.</summary>
    public required string Client { get; init; }

    /// <summary>Gets the method of the request.</summary>
    public required string Method { get; init; }

    /// <summary>Gets the address of the request without its query; what looks like a value in its path is <c>{}</c>.</summary>
    public required string Uri { get; init; }

    /// <summary>Gets how long ago the headers arrived.</summary>
    public required TimeSpan HeldFor { get; init; }

    /// <summary>Gets for how long nobody has read it; <see langword="null"/> while somebody does.</summary>
    public TimeSpan? UnreadFor { get; init; }

    /// <summary>Gets where the request was sent from; <see langword="null"/> when this one was not sampled.</summary>
    public string? Origin { get; init; }
}
