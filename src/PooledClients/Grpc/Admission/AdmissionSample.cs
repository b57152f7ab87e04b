namespace PooledClients.Grpc.Admission;

/// <summary>
/// What happened since the sample before: calls that ended, and how many are in flight and wait for a place now, and how many of those in
/// flight wait for this process.
/// </summary>
internal readonly record struct AdmissionSample(TimeSpan Elapsed, long Completions, int InFlight, int Waiting, int AtHand);
