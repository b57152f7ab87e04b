namespace PooledClients.Grpc.Admission;

/// <summary>
/// Looks for the least limit at which about as many calls complete as at any higher one. While calls wait for a place and the process
/// has time for more, it opens up at once, as a plain channel would; where the calls in flight wait for a processor already, it tries
/// more or fewer, keeps what pays, and rests longer after each try that did not.
/// </summary>
/// <remarks>
/// It never judges by round-trip times, so that methods that are slow by nature do not read as a server under load. How crowded the
/// process is tells which way to go, and completions tell whether it paid: other work may crowd it as well, and must not keep calls
/// back that are slow elsewhere. Where there is next to nothing to judge by (calls of seconds, long polls) it opens up.
/// </remarks>
internal sealed class AdmissionSearch
{
    // The double has to complete that many more calls, fewer in flight no fewer than that: between the two, the limit stays.
    private const double Worthwhile = 1.1;
    private const double Harmless = 0.98;

    // So much more needs no second look at the limit before: it is beyond noise.
    private const double ObviousHigher = 1.5;
    private const double ObviousLower = 1.15;

    // Between the two the limit is right. Measured, with client and server on two processors: 0.65 to 0.8 at any limit for calls that
    // only take processor time, 0.3 or less where more in flight still serves more.
    private const double Roomy = 0.3;
    private const double Crowded = 0.65;

    // A higher limit may need another connection first.
    private static readonly TimeSpan ShortestSettle = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SlowTurnover = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromSeconds(2);

    private AdmissionBounds _bounds;
    private readonly AdmissionPace _pace = new();
    private readonly AdmissionRest _rest = new();
    private AdmissionCrowding _crowding = new();
    private AdmissionPhase _phase = AdmissionPhase.Rest;
    private bool _upward = true;
    private int _base;
    private double _baseRate;
    private double _triedRate;
    private bool _moved;
    private bool _mayFall = true;
    private TimeSpan _settle;
    private AdmissionWindow _window;
    private AdmissionStall _stall;
    private AdmissionWindow _quiet;

    /// <param name="start">The limit that a load finds, and the least there is; after it has gone, the next one finds it again.</param>
    /// <param name="ceiling">The most that the address can carry.</param>
    public AdmissionSearch(int start, int ceiling)
    {
        _bounds = new(start, ceiling);
        Limit = start;
    }

    public int Limit { get; private set; }

    /// <summary>Gets whether nothing is left to look for: the limit is back where it started, and has held nobody back for a while.</summary>
    public bool IsSettled { get; private set; } = true;

    /// <summary>Sets other bounds; a limit within them stays.</summary>
    public void Resize(int start, int ceiling)
    {
        _bounds = new(start, ceiling);
        if (_bounds.Clamp(Limit) is var limit && limit != Limit)
        {
            MoveTo(limit, AdmissionPhase.Measure);
        }

        _base = _bounds.Clamp(_base);
    }

    public void Observe(in AdmissionSample sample)
    {
        _pace.Add(sample);

        // While the limit is not even half in use, nothing can be learnt about it.
        var isUsed = sample.Waiting > 0 || sample.InFlight * 2 >= Limit;
        if (isUsed)
        {
            _crowding.Add(sample);
        }
        else
        {
            _crowding = new();
        }

        if (StepsBack(sample) || OpensUp(sample) || !isUsed)
        {
            return;
        }

        if (_phase == AdmissionPhase.Try && !_upward && Starves(sample))
        {
            Reject();
        }
        else if (_settle > TimeSpan.Zero)
        {
            _settle -= sample.Elapsed;
        }
        else
        {
            _window.Add(sample);
            Evaluate(sample.Waiting > 0);
        }
    }

    private void Evaluate(bool waiting)
    {
        var rate = _window.Rate;
        var full = _window.Elapsed >= Clamp(_pace.Turnover * 2, ShortestWindow, LongestWindow);
        if (_phase == AdmissionPhase.Try && _window.Elapsed >= ShortestWindow && rate >= _baseRate * (_upward ? ObviousHigher : ObviousLower))
        {
            Accept(rate, waiting);
            return;
        }

        switch (_phase)
        {
            case AdmissionPhase.Measure when full:
                _base = Limit;
                _baseRate = rate;
                TryNext(waiting);
                break;
            case AdmissionPhase.Try when full && rate < _baseRate * (_upward ? Worthwhile : Harmless):
                Reject();
                break;
            case AdmissionPhase.Try when full:
                _triedRate = rate;
                MoveTo(_base, AdmissionPhase.Confirm);
                break;
            case AdmissionPhase.Confirm when full:
                EndConfirm(rate, waiting);
                break;
            case AdmissionPhase.Rest when full:
                WatchAtRest(rate);
                break;
        }
    }

    // One direction until it does not pay. Fewer only where it is crowded; more, if anybody waits for it.
    private void TryNext(bool waiting)
    {
        var canRise = waiting && Limit < _bounds.Ceiling;
        if (CanFall && !(_moved && _upward))
        {
            _upward = false;
            MoveTo(_bounds.Lower(Limit), AdmissionPhase.Try);
        }
        else if (canRise && (_upward || !_moved))
        {
            _upward = true;
            MoveTo(_bounds.Higher(Limit), AdmissionPhase.Try);
        }
        else
        {
            Rest();
        }
    }

    private void Accept(double rate, bool waiting)
    {
        _moved = true;
        _base = Limit;
        _baseRate = rate;
        TryNext(waiting);
    }

    private void Reject()
    {
        MoveTo(_base, AdmissionPhase.Rest);
        _mayFall = _upward;
        Rest();
    }

    private void EndConfirm(double rate, bool waiting)
    {
        // The load or the process may have changed meanwhile: what was tried has to beat the limit before and after it.
        _baseRate = Math.Max(rate, _baseRate);
        if (_triedRate >= _baseRate * (_upward ? Worthwhile : Harmless))
        {
            MoveTo(_upward ? _bounds.Higher(Limit) : _bounds.Lower(Limit), AdmissionPhase.Try);
            Accept(_triedRate, waiting);
        }
        else
        {
            _mayFall = _upward;
            Rest();
        }
    }

    private void Rest()
    {
        _rest.Begin(hasPaid: _moved);
        _moved = false;
        _window = default;
        _phase = AdmissionPhase.Rest;
    }

    private void WatchAtRest(double rate)
    {
        if (_baseRate == 0)
        {
            _baseRate = rate;
        }

        var isAnother = _rest.Watch(_window, _baseRate, isTelling: _pace.Turnover < LongestWindow);
        _window = default;
        _mayFall |= isAnother;
        if (isAnother || _rest.IsOver || CanFall)
        {
            _phase = AdmissionPhase.Measure;
        }
    }

    /// <summary>
    /// Calls wait although the process has time for more, or next to nothing completes: a stall, or calls that take long. Either way
    /// holding them back is of no use.
    /// </summary>
    private bool OpensUp(in AdmissionSample sample)
    {
        if (sample.Waiting == 0 || Limit >= _bounds.Ceiling)
        {
            _stall = default;
            return false;
        }

        _stall.Add(sample);
        if (_crowding.Score >= Roomy && !_stall.Ends(sample.InFlight, _pace.HasCompletions))
        {
            return false;
        }

        _rest.Shorten();
        _mayFall = true;
        MoveTo(_bounds.Higher(Limit), AdmissionPhase.Measure);
        return true;
    }

    /// <summary>The load has fallen: for a while nobody waited, and half the limit would have held nobody back.</summary>
    private bool StepsBack(in AdmissionSample sample)
    {
        if (sample.Waiting > 0 || (sample.InFlight > Limit / 2 && Limit > _bounds.Start))
        {
            _quiet = default;
            IsSettled = false;
            return false;
        }

        _quiet.Add(sample);
        if (_quiet.Elapsed < QuietPeriod)
        {
            return false;
        }

        IsSettled = Limit <= _bounds.Start;
        if (IsSettled)
        {
            // The next load may be another one, so nothing is carried over to it.
            _pace.Reset();
        }
        else
        {
            _quiet = default;
        }

        _moved = false;
        _mayFall = true;
        _rest.BeginShort();
        _baseRate = 0;
        MoveTo(Math.Max(_bounds.Start, Limit / 2), AdmissionPhase.Rest);
        return true;
    }

    /// <summary>Calls that are held long fill the lower limit, and the others stand still: reason enough to end the try at once.</summary>
    private bool Starves(in AdmissionSample sample)
        => sample.InFlight >= Limit && sample.Completions < _baseRate * sample.Elapsed.TotalSeconds * 0.3;

    private void MoveTo(int limit, AdmissionPhase phase)
    {
        if (Limit != limit)
        {
            _crowding = new();
        }

        Limit = limit;
        _phase = phase;
        _window = default;
        _stall = default;
        _settle = Clamp(_pace.Turnover, ShortestSettle, SlowTurnover);
    }

    private bool CanFall => _mayFall && Limit > _bounds.Start && _crowding.Score > Crowded && _pace.Turnover <= SlowTurnover;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan min, TimeSpan max) => value < min ? min : value > max ? max : value;
}
