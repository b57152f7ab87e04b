namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>
/// What the next call would cost at one endpoint: its recent latency, which rises at once and falls slowly, times the calls in flight and
/// one. A pick reads two fields and no clock; what time changes is written by <see cref="Tick"/>, ten times a second while there are calls.
/// </summary>
internal sealed class EndpointLoad
{
    /// <summary>Between two ticks.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);

    // A failure costs as much as so many typical calls, and never more than a second: a price without a bound keeps an endpoint out for good.
    private const double FailurePrice = 32;
    private const double MostFailureSeconds = 1;

    private const double MostSeconds = 60;
    private const double LeastSeconds = 0.00001;

    // A faster answer moves the estimate by a quarter of the way, and a tick without an answer by a tenth: it is back within a second or
    // two of an endpoint's recovery, however few calls it gets.
    private const double SampleWeight = 0.25;
    private const double TickWeight = 0.9;
    private const double LeastShare = 0.1;

    // Interlocked. The picks only grow.
    private int _inFlight;
    private int _streams;
    private long _picks;

    // Volatile, written by whoever measures: a lost update is one sample less. _heardAt is when an answer came last, or when the first of the
    // calls in flight began.
    private double _latency;
    private double _cost;
    private long _heardAt;
    private int _answersSinceTick;

    // The ticks' own, and there is one at a time.
    private long _picksAtTick;
    private int _idleTicks;

    public EndpointLoad(double initialSeconds, double share = 1)
    {
        _latency = Math.Clamp(initialSeconds, LeastSeconds, MostSeconds);
        _cost = _latency / Math.Max(share, LeastShare);
    }

    /// <summary>Unary calls that are here now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Streaming calls that are here now.</summary>
    public int Streams => Volatile.Read(ref _streams);

    /// <summary>Calls that were ever sent here.</summary>
    public long Picks => Volatile.Read(ref _picks);

    /// <summary>The recent latency in seconds.</summary>
    public double LatencySeconds => Volatile.Read(ref _latency);

    /// <summary>What the next call would cost here; the least is best. Streams live long, so that they go by how many there are.</summary>
    public double CostOf(bool isStream)
    {
        var cost = Volatile.Read(ref _cost);
        return isStream ? Volatile.Read(ref _streams) + (cost / (cost + 1)) : cost * (Volatile.Read(ref _inFlight) + 1);
    }

    /// <summary>A call begins here.</summary>
    public void Begin(bool isStream, long now)
    {
        Interlocked.Increment(ref _picks);
        if (isStream)
        {
            Interlocked.Increment(ref _streams);
        }
        else if (Interlocked.Increment(ref _inFlight) == 1)
        {
            Volatile.Write(ref _heardAt, now);
        }
    }

    /// <summary>A streaming call has ended here.</summary>
    public void EndStream() => Interlocked.Decrement(ref _streams);

    /// <summary>A unary call has ended here.</summary>
    /// <param name="outcome">How it ended.</param>
    /// <param name="elapsed">How long it took.</param>
    /// <param name="typicalSeconds">What a call to any endpoint of the set takes.</param>
    /// <param name="now">The time now.</param>
    public void End(EndpointOutcome outcome, TimeSpan elapsed, double typicalSeconds, long now)
    {
        Interlocked.Decrement(ref _inFlight);
        var seconds = Math.Clamp(elapsed.TotalSeconds, LeastSeconds, MostSeconds);
        var latency = Volatile.Read(ref _latency);
        if (outcome == EndpointOutcome.Failed)
        {
            seconds = Math.Max(seconds, Math.Min(typicalSeconds * FailurePrice, MostFailureSeconds));
        }
        else if (outcome == EndpointOutcome.Answered)
        {
            Volatile.Write(ref _heardAt, now);
            Volatile.Write(ref _answersSinceTick, 1);
        }
        else if (seconds <= latency)
        {
            // What its caller gave up tells that it is no faster than this, and no more.
            return;
        }

        if (seconds < latency)
        {
            seconds = latency + ((seconds - latency) * SampleWeight);
        }

        Volatile.Write(ref _cost, seconds * Volatile.Read(ref _cost) / latency);
        Volatile.Write(ref _latency, seconds);
    }

    /// <summary>Brings what depends on time up to date.</summary>
    /// <param name="share">The share of a full endpoint's calls that it is to get: less than 1 while it is new.</param>
    /// <param name="now">The time now.</param>
    /// <param name="timeProvider">Whose time it is.</param>
    /// <returns>Whether no call was sent here for a second and none is here that would tell how it is: it is owed one.</returns>
    public bool Tick(double share, long now, TimeProvider timeProvider)
    {
        var picks = Volatile.Read(ref _picks);
        _idleTicks = picks == _picksAtTick ? _idleTicks + 1 : 0;
        _picksAtTick = picks;

        var latency = Volatile.Read(ref _latency);
        if (Interlocked.Exchange(ref _answersSinceTick, 0) == 0)
        {
            latency = Math.Max(latency * TickWeight, LeastSeconds);
            Volatile.Write(ref _latency, latency);
        }

        // Silence with calls in flight is as bad as an answer that took as long.
        var isBusy = Volatile.Read(ref _inFlight) > 0;
        var silence = isBusy ? timeProvider.GetElapsedTime(Volatile.Read(ref _heardAt), now).TotalSeconds : 0;
        Volatile.Write(ref _cost, Math.Max(latency, silence) / Math.Max(share, LeastShare));
        return !isBusy && _idleTicks * TickInterval >= TimeSpan.FromSeconds(1);
    }
}
