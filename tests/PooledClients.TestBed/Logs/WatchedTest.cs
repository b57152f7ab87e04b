namespace PooledClients.TestBed.Logs;

/// <summary>A test that fails on an unexpected warning or error in its <see cref="Log"/>, and shows the log when it fails.</summary>
public abstract class WatchedTest : IDisposable
{
    internal LogWatch Log { get; } = new();

    public void Dispose()
    {
        GC.SuppressFinalize(this);
        foreach (var entry in Log.Entries)
        {
            TestContext.Current.TestOutputHelper?.WriteLine(entry.ToString());
        }

        Log.AssertClean();
    }
}
