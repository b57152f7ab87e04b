namespace PooledClients.Grpc.Admission;

/// <summary>
/// How much of the calls in flight waits for this process rather than for the server, over the last looks. Zero when none ever does, one when
/// at each look a fifth of the calls or more do.
/// </summary>
/// <remarks>
/// Of a closed loop of calls that only take processor time a third waits so whatever the limit, and of one that has processor time to spare next
/// to none (measured); they come in bursts, so one look tells nothing. Other work that is queued for the thread pool is none of it.
/// </remarks>
internal struct AdmissionCrowding()
{
    private const double Weight = 0.1;
    private const double FullShare = 0.2;

    /// <summary>Gets the score; halfway where nothing is known yet.</summary>
    public double Score { get; private set; } = 0.5;

    public void Add(in AdmissionSample sample)
    {
        var share = sample.AtHand / (FullShare * Math.Max(1, sample.InFlight));
        Score += (Math.Min(1, share) - Score) * Weight;
    }
}
