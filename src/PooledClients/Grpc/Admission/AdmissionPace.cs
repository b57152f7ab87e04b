namespace PooledClients.Grpc.Admission;

/// <summary>How long a call is in flight, on average, from how many are and how many end (Little's law), over about a second.</summary>
internal sealed class AdmissionPace
{
    private const double TimeConstantSeconds = 1;

    private double _rate;
    private double _inFlight;
    private double _weight;

    public bool HasCompletions { get; private set; }

    public TimeSpan Turnover
        => _rate * 3600 <= _inFlight ? TimeSpan.FromHours(1) : TimeSpan.FromSeconds(_inFlight / _rate);

    public void Add(in AdmissionSample sample)
    {
        var seconds = sample.Elapsed.TotalSeconds;
        if (seconds <= 0)
        {
            return;
        }

        // A mean with exponentially fading weights; before the first second is over, the weights there are count alone.
        var keep = Math.Exp(-seconds / TimeConstantSeconds);
        _weight = (_weight * keep) + 1 - keep;
        var share = (1 - keep) / _weight;
        _rate += ((sample.Completions / seconds) - _rate) * share;
        _inFlight += (sample.InFlight - _inFlight) * share;
        HasCompletions |= sample.Completions > 0;
    }

    public void Reset()
    {
        _rate = _inFlight = _weight = 0;
        HasCompletions = false;
    }
}
