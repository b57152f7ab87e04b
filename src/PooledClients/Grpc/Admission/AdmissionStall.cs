namespace PooledClients.Grpc.Admission;

/// <summary>Whether next to nothing completes while calls wait: then holding them back is of no use, whatever the reason.</summary>
internal struct AdmissionStall
{
    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan FirstCompletionPatience = TimeSpan.FromMilliseconds(250);

    private AdmissionWindow _window;

    public void Add(in AdmissionSample sample) => _window.Add(sample);

    /// <summary>Judges once it has looked for long enough, and begins to look anew.</summary>
    /// <param name="inFlight">How many calls are in flight.</param>
    /// <param name="hasCompletions">Whether a call of this load has ever ended.</param>
    public bool Ends(int inFlight, bool hasCompletions)
    {
        if (_window.Elapsed < (hasCompletions ? Patience : FirstCompletionPatience))
        {
            return false;
        }

        var stalls = _window.Completions * 4 < inFlight;
        _window = default;
        return stalls;
    }
}
