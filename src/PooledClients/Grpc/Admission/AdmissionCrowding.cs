namespace PooledClients.Grpc.Admission;

/// <summary>
/// How much of the calls in flight waits for this process rather than for the server: the work queued for the thread pool beside the
/// calls, over the last looks. Zero when nothing ever waits, one when at each look a fifth of the calls or more do.
/// </summary>
/// <remarks>
/// A closed loop of calls that only take processor time has a third of them in that queue whatever the limit, and one that has processor
/// time to spare next to none (measured); the queue's length comes in bursts, so one look tells nothing.
/// </remarks>
internal struct AdmissionCrowding()
{
    private const double Weight = 0.1;
    private const double FullShare = 0.2;

    /// <summary>Gets the score; halfway where nothing is known yet.</summary>
    public double Score { get; private set; } = 0.5;

    public void Add(in AdmissionSample sample)
    {
        var share = sample.Queued / (FullShare * Math.Max(1, sample.InFlight));
        Score += (Math.Min(1, share) - Score) * Weight;
    }
}
