namespace PooledClients.Benchmarks;

/// <summary>What a quick run leaves out, so that it ends within five minutes on two processors.</summary>
internal static class BenchmarkLimits
{
    public static bool IsQuick { get; set; }

    public static IEnumerable<T> Of<T>(T[] all, T[] quick) => IsQuick ? quick : all;
}
