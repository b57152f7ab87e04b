namespace PooledClients.Benchmarks.FreshProcesses;

internal static class Statistics
{
    /// <summary>The figure in the middle; of an even number, the higher of the two.</summary>
    public static double Median(this IEnumerable<double> figures)
    {
        double[] sorted = [.. figures.Order()];
        return sorted[sorted.Length / 2];
    }
}
