namespace PooledClients.Scenarios.Throughput;

/// <summary>One contender under one load, beside the plain channel in the same rounds.</summary>
/// <param name="Load">The kind of load.</param>
/// <param name="Ratio">The contender's rate by the plain channel's, round by round.</param>
/// <param name="P99Ratio">The contender's 99th percentile by the plain channel's, round by round.</param>
internal sealed record LoadOutcome(
    string Load, int Callers, string Contender, Spread PerSecond, Spread Ratio, Spread P50Ms, Spread P99Ms, Spread P99Ratio, Spread CpuMicroseconds, Spread Bytes, long Calls, long Failed)
{
    public static LoadOutcome Of(string load, int callers, string contender, IReadOnlyList<RoundResult> rounds, IReadOnlyList<RoundResult> plain)
    {
        return new LoadOutcome(
            load,
            callers,
            contender,
            Spread.Of(rounds.Select(round => round.PerSecond)),
            Spread.Of(rounds.Zip(plain, (round, beside) => round.PerSecond / beside.PerSecond)),
            Spread.Of(rounds.Select(round => round.P50Ms)),
            Spread.Of(rounds.Select(round => round.P99Ms)),
            Spread.Of(rounds.Zip(plain, (round, beside) => round.P99Ms / beside.P99Ms)),
            Spread.Of(rounds.Select(round => round.CpuMicroseconds)),
            Spread.Of(rounds.Select(round => round.Bytes)),
            rounds.Sum(round => round.Calls),
            rounds.Sum(round => round.Failed));
    }
}
