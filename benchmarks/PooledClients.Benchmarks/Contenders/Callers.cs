namespace PooledClients.Benchmarks.Contenders;

/// <summary>Callers of which each makes its next call when the one before has ended.</summary>
internal static class Callers
{
    public static async Task RunAsync(int callers, int calls, Func<Task> call)
    {
        var left = calls;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                await call();
            }
        })));
    }
}
