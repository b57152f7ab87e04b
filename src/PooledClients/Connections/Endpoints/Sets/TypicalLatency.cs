namespace PooledClients.Connections.Endpoints.Sets;

/// <summary>What a call to any endpoint of a set takes, brought up to date by each tick, of which there is one at a time.</summary>
internal sealed class TypicalLatency
{
    // It rises by so much in a tick at most: where all are late for a moment, a slow one is no better for it.
    private const double MostRise = 1.15;

    private const int MostOnStack = 64;

    private double _seconds = 0.001;

    public double Seconds => Volatile.Read(ref _seconds);

    /// <summary>Takes what those that are ready have answered with. The lower of two in the middle: of two endpoints the faster one says what is typical.</summary>
    public void Update(Endpoint[] ready)
    {
        if (ready.Length == 0)
        {
            return;
        }

        var latencies = ready.Length <= MostOnStack ? stackalloc double[ready.Length] : new double[ready.Length];
        var isAnyCold = false;
        for (var i = 0; i < ready.Length; i++)
        {
            latencies[i] = ready[i].Load.LatencySeconds;
            isAnyCold |= ready[i].Load.IsCold;
        }

        latencies.Sort();
        var most = isAnyCold ? double.MaxValue : _seconds * MostRise;
        Volatile.Write(ref _seconds, Math.Min(latencies[(latencies.Length - 1) / 2], most));
    }
}
