namespace PooledClients.Scenarios.Measuring;

/// <summary>Counts durations in buckets that grow by 2%, from 10 microseconds to minutes, without allocating.</summary>
internal sealed class LatencyHistogram
{
    private const double Smallest = 0.01;
    private const double Growth = 1.02;
    private static readonly double LogGrowth = Math.Log(Growth);

    private readonly int[] _buckets = new int[900];

    public void Record(TimeSpan duration)
    {
        var ratio = Math.Max(duration.TotalMilliseconds / Smallest, 1);
        var bucket = Math.Min((int)(Math.Log(ratio) / LogGrowth), _buckets.Length - 1);
        Interlocked.Increment(ref _buckets[bucket]);
    }

    /// <summary>Reads the duration, in milliseconds, that the given share of all durations does not exceed.</summary>
    public double Percentile(double share)
    {
        long total = 0;
        foreach (var count in _buckets)
        {
            total += count;
        }

        var wanted = (long)Math.Ceiling(total * share);
        long seen = 0;
        for (var bucket = 0; bucket < _buckets.Length && total > 0; bucket++)
        {
            seen += _buckets[bucket];
            if (seen >= wanted)
            {
                return Math.Round(Smallest * Math.Pow(Growth, bucket + 1), 2);
            }
        }

        return 0;
    }
}
