using PooledClients.Scenarios.Measuring;

namespace PooledClients.Scenarios.Bench;

/// <summary>What a contender's process says when its load has ended.</summary>
internal sealed record LoadResult(CallCounts Counts, object? Extra);
