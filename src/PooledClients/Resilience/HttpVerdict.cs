namespace PooledClients.Resilience;

/// <summary>What an attempt came to, as the breaker of its authority sees it.</summary>
/// <param name="Outcome">Whether it speaks for or against the server.</param>
/// <param name="Cause">The exception, or the status, for the log.</param>
internal readonly record struct HttpVerdict(RequestOutcome Outcome, object? Cause);
