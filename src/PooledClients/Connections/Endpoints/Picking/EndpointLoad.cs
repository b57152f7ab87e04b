namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>
/// What the next call would cost at one endpoint: its recent latency, which rises at once and falls slowly, times the calls in flight and
/// one. A pick reads two fields and no clock; what time changes is written by <see cref="Tick"/>, ten times a second while there are calls.
/// </summary>
internal sealed class EndpointLoad
{
    /// <summary>The first answers of a process, or of a server, take as long as code takes to compile: until then calls in flight alone tell.</summary>
    public const int ColdAnswers = 8;

    /// <summary>Between two ticks.</summary>
    public static readonly TimeSpan TickInterval = TimeSpan.FromMilliseconds(100);

    // What is up to twice as slow as the others costs as much as they do, so that calls spread evenly among those that are well: by their
    // latency alone the best of five would get two calls of five, and the worst none. Below a millisecond a wait for a processor is many times
    // what a call takes, and tells nothing of the endpoint.
    private const double AsGoodAs = 2;
    private const double AsGoodSeconds = 0.001;

    // However slow, or failing, an endpoint costs no more than so many that are as good: a price without a bound keeps one out for good.
    private const double MostTimes = 16;

    private const double MostSeconds = 60;
    private const double LeastSeconds = 0.00001;

    // An answer moves the estimate by half the way; of one that is well the first late answer moves it no further than to where it costs
    // more, so that one late answer puts nobody out, and two do. An estimate that is some ticks old is none any more, the next answer takes its
    // place: an endpoint that has recovered is back with the one call that it is owed. After two seconds without an answer a tick takes a
    // thirtieth off, so that nobody is out for good.
    private const double SampleWeight = 0.5;
    private const double TickWeight = 0.97;
    private const int StaleTicks = 3;
    private const int DecayTicks = 20;
    private const double LeastShare = 0.1;

    // One that is not much slower than the others is asked again soon: its answer delays nobody by much. So is one that has just become slow,
    // and answers: it may have been late for a moment alone. While it stays slow it is asked less and less often.
    private const double NotMuchSlower = 2;
    private const int SoonTicks = 3;
    private const int MostDoublings = 3;

    // Interlocked. The picks only grow.
    private int _inFlight;
    private int _streams;
    private long _picks;
    private long _failures;

    // Volatile, written by whoever measures: a lost update is one sample less. _heardAt is when an answer came last, or when the first of the
    // calls in flight began after it.
    private double _latency;
    private double _cost;
    private double _share;
    private long _heardAt;
    private int _ticksSinceSample;
    private int _coldAnswers;
    private bool _hasFailed;
    private bool _wasLate;
    private bool _isSlow;
    private long _picksAtMark;

    // The ticks' own, and there is one at a time.
    private long _picksAtTick;
    private int _idleTicks;
    private bool _wasSlow;
    private int _askedWhileSlow;

    public EndpointLoad(double initialSeconds, double share = 1, int coldAnswers = 0)
    {
        _coldAnswers = coldAnswers;
        _latency = Math.Clamp(initialSeconds, LeastSeconds, MostSeconds);
        _share = Math.Max(share, LeastShare);
        _cost = _latency;
    }

    /// <summary>The share of a full endpoint's calls that it is to get: less than 1 while it is new.</summary>
    public double Share => Volatile.Read(ref _share);

    /// <summary>Unary calls that are here now.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    /// <summary>Streaming calls that are here now.</summary>
    public int Streams => Volatile.Read(ref _streams);

    /// <summary>Calls that were ever sent here.</summary>
    public long Picks => Volatile.Read(ref _picks);

    /// <summary>Calls that were sent here since <see cref="Mark"/>.</summary>
    public long PicksSinceMark => Picks - Volatile.Read(ref _picksAtMark);

    /// <summary>Calls that failed here.</summary>
    public long Failures => Volatile.Read(ref _failures);

    /// <summary>Whether the last call that came to an end here failed.</summary>
    public bool HasFailed => Volatile.Read(ref _hasFailed);

    /// <summary>Whether too few have answered for their time to tell anything.</summary>
    public bool IsCold => _coldAnswers > 0 && !HasFailed;

    /// <summary>The recent latency in seconds.</summary>
    public double LatencySeconds => Volatile.Read(ref _latency);

    /// <summary>Whether it costs more than those that are well.</summary>
    public bool IsSlow => Volatile.Read(ref _isSlow);

    /// <summary>What the next call would cost here; the least is best. Streams live long, so that they go by how many there are.</summary>
    public double CostOf(bool isStream)
    {
        var cost = Volatile.Read(ref _cost);
        return isStream ? Volatile.Read(ref _streams) + (cost / (cost + 1)) : cost * (Volatile.Read(ref _inFlight) + 1);
    }

    /// <summary>Counts anew what <see cref="PicksSinceMark"/> tells.</summary>
    public void Mark() => Volatile.Write(ref _picksAtMark, Picks);

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
            Interlocked.Increment(ref _failures);
            seconds = MostSeconds;
        }
        else if (outcome == EndpointOutcome.Answered)
        {
            Volatile.Write(ref _heardAt, now);
            _coldAnswers -= _coldAnswers > 0 ? 1 : 0;
        }
        else if (seconds <= latency)
        {
            // What its caller gave up tells that it is no faster than this, and no more.
            return;
        }

        Volatile.Write(ref _hasFailed, outcome == EndpointOutcome.Failed);
        var isStale = Volatile.Read(ref _ticksSinceSample) >= StaleTicks;
        Volatile.Write(ref _ticksSinceSample, 0);
        var asGood = AsGood(typicalSeconds);
        var isFirstLate = outcome == EndpointOutcome.Answered && seconds > asGood && latency <= asGood && !Volatile.Read(ref _wasLate);
        Volatile.Write(ref _wasLate, seconds > asGood);
        latency += (Math.Min(seconds, isFirstLate ? asGood : asGood * MostTimes) - latency) * (isStale || isFirstLate ? 1 : SampleWeight);
        Volatile.Write(ref _latency, latency);
        SetCost(IsCold ? typicalSeconds : latency, typicalSeconds);
    }

    /// <summary>Brings what depends on time up to date.</summary>
    /// <param name="share">The share of a full endpoint's calls that it is to get: less than 1 while it is new.</param>
    /// <param name="typicalSeconds">What a call to any endpoint of the set takes.</param>
    /// <param name="now">The time now.</param>
    /// <param name="timeProvider">Whose time it is.</param>
    /// <returns>For how many ticks no call was sent here.</returns>
    public int Tick(double share, double typicalSeconds, long now, TimeProvider timeProvider)
    {
        var picks = Volatile.Read(ref _picks);
        var wasIdle = _idleTicks >= SoonTicks;
        _idleTicks = picks == _picksAtTick ? _idleTicks + 1 : 0;
        _picksAtTick = picks;
        _askedWhileSlow = !IsSlow ? 0 : _wasSlow && wasIdle && _idleTicks == 0 ? Math.Min(_askedWhileSlow + 1, MostDoublings) : _askedWhileSlow;
        _wasSlow = IsSlow;
        Volatile.Write(ref _share, Math.Max(share, LeastShare));

        var latency = Volatile.Read(ref _latency);
        if (Interlocked.Increment(ref _ticksSinceSample) > DecayTicks)
        {
            latency = Math.Max(latency * TickWeight, LeastSeconds);
            Volatile.Write(ref _latency, latency);
        }

        // Silence with calls in flight is as bad as an answer that took as long.
        var silence = Volatile.Read(ref _inFlight) > 0 ? timeProvider.GetElapsedTime(Volatile.Read(ref _heardAt), now).TotalSeconds : 0;
        SetCost(Math.Max(IsCold ? typicalSeconds : latency, silence), typicalSeconds);
        return _idleTicks;
    }

    /// <summary>Whether an endpoint without a call for so many ticks is owed one, to tell how it is.</summary>
    /// <param name="idleTicks">What <see cref="Tick"/> has said.</param>
    /// <param name="typicalSeconds">What a call to any endpoint of the set takes.</param>
    /// <param name="idle">How many endpoints are without calls: each is to have one within two seconds, one after the other.</param>
    public bool IsOwed(int idleTicks, double typicalSeconds, int idle)
    {
        var most = Math.Max(10, 18 - idle);
        return idleTicks >= most
            || (!HasFailed && idleTicks >= SoonTicks && LatencySeconds <= AsGood(typicalSeconds) * NotMuchSlower)
            || (!HasFailed && InFlight == 0 && Math.Min(idleTicks, Volatile.Read(ref _ticksSinceSample)) >= SoonTicks << _askedWhileSlow);
    }

    private static double AsGood(double typicalSeconds) => Math.Max(typicalSeconds * AsGoodAs, typicalSeconds + AsGoodSeconds);

    private void SetCost(double seconds, double typicalSeconds)
    {
        var isSlow = seconds > AsGood(typicalSeconds);
        Volatile.Write(ref _isSlow, isSlow);
        Volatile.Write(ref _cost, isSlow ? seconds : typicalSeconds);
    }
}
