namespace PooledClients;

/// <summary>One open connection.</summary>
public sealed class ConnectionSnapshot
{
    /// <summary>Gets the address it was opened for.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the end point at the other side; <see langword="null"/> when it is not known any more.</summary>
    public string? RemoteEndPoint { get; init; }

    /// <summary>Gets how long it has been open.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Gets how long ago the last byte arrived on it; <see langword="null"/> when none has, or it is not known.</summary>
    public TimeSpan? SilentFor { get; init; }

    /// <summary>Gets whether a newer handler generation has replaced its own: it ends when its last call does.</summary>
    public bool Retired { get; init; }
}
