namespace PooledClients.Diagnostics.Instruments;

/// <summary>A breaker as of now.</summary>
/// <param name="Address">The address that it guards.</param>
/// <param name="Kind"><c>grpc</c> or <c>http</c>.</param>
/// <param name="State"><c>closed</c>, <c>open</c> or <c>half_open</c>.</param>
internal readonly record struct BreakerReading(string Address, string Kind, string State);
