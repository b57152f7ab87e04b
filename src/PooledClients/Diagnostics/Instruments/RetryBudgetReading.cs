namespace PooledClients.Diagnostics.Instruments;

/// <summary>A retry budget as of now.</summary>
/// <param name="Address">The address whose clients share it.</param>
/// <param name="Kind"><c>grpc</c> or <c>http</c>.</param>
/// <param name="Available">The further attempts that it allows.</param>
internal readonly record struct RetryBudgetReading(string Address, string Kind, double Available);
