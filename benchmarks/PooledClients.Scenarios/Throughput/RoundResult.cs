namespace PooledClients.Scenarios.Throughput;

/// <summary>What a contender did in one turn.</summary>
/// <param name="CpuMicroseconds">Processor time of the contender's process for one call.</param>
/// <param name="Bytes">Bytes that the contender's process allocated for one call.</param>
internal sealed record RoundResult(long Calls, long Failed, double Seconds, double P50Ms, double P99Ms, double CpuMicroseconds, double Bytes, string? FirstError)
{
    public double PerSecond => Seconds > 0 ? Calls / Seconds : 0;
}
