namespace PooledClients.Scenarios.Measuring;

/// <summary>What a load has done so far, as a child tells it.</summary>
/// <param name="P50Ms">The median of the calls that succeeded, in milliseconds.</param>
/// <param name="P99Ms">What 99 of 100 calls that succeeded did not exceed, in milliseconds.</param>
/// <param name="FirstError">The first failure, in the words its caller would read.</param>
internal sealed record CallCounts(long Succeeded, long Failed, double Seconds, double P50Ms, double P99Ms, string? FirstError)
{
    public static CallCounts None { get; } = new(0, 0, 0, 0, 0, null);

    public long Calls => Succeeded + Failed;
}
