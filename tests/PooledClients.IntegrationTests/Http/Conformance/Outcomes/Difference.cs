namespace PooledClients.IntegrationTests.Http.Conformance.Outcomes;

/// <summary>Where a pooled client is meant to differ from a plain one; <c>docs/http-differences.md</c> has a row for each.</summary>
/// <param name="Name">The name of the row.</param>
/// <param name="Reason">Why it is meant.</param>
internal sealed record Difference(string Name, string Reason);
