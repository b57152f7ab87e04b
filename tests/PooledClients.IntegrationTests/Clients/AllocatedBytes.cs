namespace PooledClients.IntegrationTests.Clients;

/// <summary>What calls allocate in a process that has nothing else to do.</summary>
internal static class AllocatedBytes
{
    public static async Task<double> OfACallAsync(int callers, int calls, Func<Task> call)
    {
        var before = GC.GetTotalAllocatedBytes(precise: true);
        await Calls.RunAsync(callers, calls, _ => call());
        return (GC.GetTotalAllocatedBytes(precise: true) - before) / (double)calls;
    }
}
