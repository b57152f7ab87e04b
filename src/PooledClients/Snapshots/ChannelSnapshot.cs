namespace PooledClients;

/// <summary>One pooled gRPC client and its channel.</summary>
public sealed class ChannelSnapshot
{
    /// <summary>Gets its number: in the order in which they were made, and never used again in this process.</summary>
    public long Id { get; init; }

    /// <summary>Gets the number of the transport that carries its calls, which channels with equal options share.</summary>
    public long TransportId { get; init; }

    /// <summary>Gets the client's name.</summary>
    public required string Name { get; init; }

    /// <summary>Gets the address it calls.</summary>
    public required string Address { get; init; }

    /// <summary>Gets the state of its transport, in gRPC's words: Idle, Connecting, Ready, TransientFailure or Shutdown.</summary>
    public required string State { get; init; }

    /// <summary>Gets which handler generation takes new calls; it grows when trust, identity or the network asks for new connections.</summary>
    public int Generation { get; init; }

    /// <summary>Gets how many calls it has begun.</summary>
    public long CallsStarted { get; init; }

    /// <summary>Gets how many of its calls were answered with success, as far as their headers tell.</summary>
    public long CallsSucceeded { get; init; }

    /// <summary>Gets how many of its calls failed.</summary>
    public long CallsFailed { get; init; }

    /// <summary>Gets when its last call began.</summary>
    public DateTimeOffset? LastCallAt { get; init; }

    /// <summary>Gets the status and detail of its last failure.</summary>
    public string? LastError { get; init; }

    /// <summary>Gets when its last failure was.</summary>
    public DateTimeOffset? LastErrorAt { get; init; }

    /// <summary>Gets how long half of its calls of the last two minutes took at most, to the headers of the response.</summary>
    public TimeSpan? P50 { get; init; }

    /// <summary>Gets how long 99 of 100 of its calls of the last two minutes took at most, to the headers of the response.</summary>
    public TimeSpan? P99 { get; init; }

    /// <summary>Gets how many calls are in flight on its transport.</summary>
    public int CallsInFlight { get; init; }

    /// <summary>Gets how many calls wait in front of its transport.</summary>
    public int CallsWaiting { get; init; }

    /// <summary>Gets the limit on unary calls in flight as of now; <see langword="null"/> without one.</summary>
    public int? CallLimit { get; init; }

    /// <summary>Gets the state of its circuit breaker: Closed, Open or HalfOpen; <see langword="null"/> without one.</summary>
    public string? CircuitState { get; init; }

    /// <summary>Gets until when its circuit breaker is open.</summary>
    public DateTimeOffset? CircuitOpenUntil { get; init; }

    /// <summary>Gets the options in force, by name. Passwords and certificates given as text are left out.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}
