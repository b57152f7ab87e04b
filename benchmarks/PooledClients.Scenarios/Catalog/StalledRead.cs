namespace PooledClients.Scenarios.Catalog;

/// <summary>One read of a body that stops.</summary>
/// <param name="Deadline">When it was to end, on the machine's monotonic clock.</param>
/// <param name="Freed">When its caller was free; <see langword="null"/> if the scenario had to free it.</param>
internal sealed record StalledRead(int Id, string Kind, long Deadline, long? Freed);
