namespace PooledClients;

/// <summary>The breaker of an address, which its clients share whose settings are equal.</summary>
public sealed class BreakerSnapshot
{
    /// <summary>Gets the address.</summary>
    public required string Address { get; init; }

    /// <summary>Gets whose it is: <c>grpc</c>, <c>http</c> or <c>grpc, http</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Gets its state: <c>Closed</c>, <c>Open</c> or <c>HalfOpen</c>.</summary>
    public required string State { get; init; }

    /// <summary>Gets until when it refuses calls; none while it lets them pass.</summary>
    public DateTimeOffset? OpenUntil { get; init; }
}
