namespace PooledClients;

/// <summary>One pooled gRPC client and its channel.</summary>
public sealed class ChannelSnapshot
{
    /// <summary>Gets the client's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the address it calls.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the state of its transport, in gRPC's words: Idle, Connecting, Ready, TransientFailure or Shutdown.</summary>
    public required string State { get; init; }

    /// <summary>Gets how many calls are in flight.</summary>
    public int CallsInFlight { get; init; }

    /// <summary>Gets how many calls wait in front of the transport.</summary>
    public int CallsWaiting { get; init; }

    /// <summary>Gets the limit on unary calls in flight as of now; <see langword="null"/> without one.</summary>
    public int? CallLimit { get; init; }

    /// <summary>Gets the state of its circuit breaker: Closed, Open or HalfOpen; <see langword="null"/> without one.</summary>
    public string? CircuitState { get; init; }
}
