namespace PooledClients.Grpc.Admission;

/// <summary>
/// What happened since the sample before: calls that ended, and how many are in flight and wait now, and how much work is queued for the
/// thread pool.
/// </summary>
internal readonly record struct AdmissionSample(TimeSpan Elapsed, long Completions, int InFlight, int Waiting, long Queued);
