namespace PooledClients.Grpc.Admission;

/// <summary>Samples added up since the limit last changed, or since they were last judged.</summary>
internal struct AdmissionWindow
{
    public TimeSpan Elapsed { get; private set; }

    public long Completions { get; private set; }

    public readonly double Rate => Elapsed > TimeSpan.Zero ? Completions / Elapsed.TotalSeconds : 0;

    public void Add(in AdmissionSample sample)
    {
        Elapsed += sample.Elapsed;
        Completions += sample.Completions;
    }
}
