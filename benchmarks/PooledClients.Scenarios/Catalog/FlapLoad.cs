namespace PooledClients.Scenarios.Catalog;

/// <summary>One load on a server that fails half of what it is asked for a while.</summary>
/// <param name="MaxAttempts">The most attempts of a call; <see langword="null"/> leaves the contender's own default.</param>
/// <param name="Seconds">How long the load lasts; the server fails in all but the last three.</param>
internal sealed record FlapLoad(string Name, double PerSecond, int? MaxAttempts, bool Breaker, bool Writes, double Seconds);
