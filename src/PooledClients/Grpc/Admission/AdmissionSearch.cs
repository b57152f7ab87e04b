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

    // Load that changed by this much in two windows running is another load.
    private const double Change = 1.6;

    // A higher limit may need another connection first.
    private static readonly TimeSpan ShortestSettle = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan ShortestWindow = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWindow = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan FirstCompletionPatience = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan SlowTurnover = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan QuietPeriod = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortestRest = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestRest = TimeSpan.FromSeconds(16);

    private int _start;
    private int _ceiling;
    private readonly AdmissionPace _pace = new();
    private AdmissionCrowding _crowding = new();
    private Phase _phase = Phase.Rest;
    private bool _upward = true;
    private int _base;
    private double _baseRate;
    private double _triedRate;
    private bool _moved;
    private bool _mayFall = true;
    private int _changes;
    private TimeSpan _settle;
    private TimeSpan _rest = ShortestRest;
    private TimeSpan _rested;
    private AdmissionWindow _window;
    private AdmissionWindow _stall;
    private AdmissionWindow _quiet;

    /// <param name="start">The limit that a load finds, and the least there is; after it has gone, the next one finds it again.</param>
    /// <param name="ceiling">The most that the address can carry.</param>
    public AdmissionSearch(int start, int ceiling)
    {
        _start = start;
        _ceiling = ceiling;
        Limit = start;
    }

    private enum Phase
    {
        Measure,
        Try,
        Confirm,
        Rest,
    }

    public int Limit { get; private set; }

    /// <summary>Gets whether nothing is left to look for: the limit is back where it started, and has held nobody back for a while.</summary>
    public bool IsSettled { get; private set; } = true;

    /// <summary>Sets other bounds; a limit within them stays.</summary>
    public void Resize(int start, int ceiling)
    {
        _start = start;
        _ceiling = ceiling;
        if (Limit < start || Limit > ceiling)
        {
            MoveTo(Math.Clamp(Limit, start, ceiling), Phase.Measure);
        }

        _base = Math.Clamp(_base, start, ceiling);
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

        if (_phase == Phase.Try && !_upward && Starves(sample))
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
            Judge(sample.Waiting > 0);
        }
    }

    private void Judge(bool waiting)
    {
        var rate = _window.Rate;
        var full = _window.Elapsed >= Clamp(_pace.Turnover * 2, ShortestWindow, LongestWindow);
        if (_phase == Phase.Try && _window.Elapsed >= ShortestWindow && rate >= _baseRate * (_upward ? ObviousHigher : ObviousLower))
        {
            Keep(rate, waiting);
            return;
        }

        switch (_phase)
        {
            case Phase.Measure when full:
                _base = Limit;
                _baseRate = rate;
                TryNext(waiting);
                break;
            case Phase.Try when full && rate < _baseRate * (_upward ? Worthwhile : Harmless):
                Reject();
                break;
            case Phase.Try when full:
                _triedRate = rate;
                MoveTo(_base, Phase.Confirm);
                break;
            case Phase.Confirm when full:
                EndConfirm(rate, waiting);
                break;
            case Phase.Rest when full:
                WatchAtRest(rate);
                break;
        }
    }

    // One direction until it does not pay. Fewer only where it is crowded; more, if anybody waits for it.
    private void TryNext(bool waiting)
    {
        var canRise = waiting && Limit < _ceiling;
        if (CanFall && !(_moved && _upward))
        {
            _upward = false;
            MoveTo(Lower(), Phase.Try);
        }
        else if (canRise && (_upward || !_moved))
        {
            _upward = true;
            MoveTo(Higher(), Phase.Try);
        }
        else
        {
            Rest();
        }
    }

    private void Keep(double rate, bool waiting)
    {
        _moved = true;
        _base = Limit;
        _baseRate = rate;
        TryNext(waiting);
    }

    private void Reject()
    {
        MoveTo(_base, Phase.Rest);
        _mayFall = _upward;
        Rest();
    }

    private void EndConfirm(double rate, bool waiting)
    {
        // The load or the process may have changed meanwhile: what was tried has to beat the limit before and after it.
        _baseRate = Math.Max(rate, _baseRate);
        if (_triedRate >= _baseRate * (_upward ? Worthwhile : Harmless))
        {
            MoveTo(_upward ? Higher() : Lower(), Phase.Try);
            Keep(_triedRate, waiting);
        }
        else
        {
            _mayFall = _upward;
            Rest();
        }
    }

    private void Rest()
    {
        _rest = _moved ? ShortestRest : Clamp(_rest * 2, ShortestRest, LongestRest);
        _rested = TimeSpan.Zero;
        _moved = false;
        _changes = 0;
        _window = default;
        _phase = Phase.Rest;
    }

    private void WatchAtRest(double rate)
    {
        if (_baseRate == 0)
        {
            _baseRate = rate;
        }

        // Calls slower than a window come in bursts: no two windows are alike.
        var changed = _pace.Turnover < LongestWindow && (rate > _baseRate * Change || rate * Change < _baseRate);
        _changes = changed ? _changes + 1 : 0;
        _rested += _window.Elapsed;
        _window = default;
        if (_changes == 2)
        {
            _rest = ShortestRest;
            _mayFall = true;
            _phase = Phase.Measure;
        }
        else if (_rested >= _rest || CanFall)
        {
            _phase = Phase.Measure;
        }
    }

    /// <summary>
    /// Calls wait although the process has time for more, or next to nothing completes: a stall, or calls that take long. Either way
    /// holding them back is of no use.
    /// </summary>
    private bool OpensUp(in AdmissionSample sample)
    {
        if (sample.Waiting == 0 || Limit >= _ceiling)
        {
            _stall = default;
            return false;
        }

        _stall.Add(sample);
        if (_crowding.Score >= Roomy && !IsStalled(sample))
        {
            return false;
        }

        _rest = ShortestRest;
        _mayFall = true;
        MoveTo(Higher(), Phase.Measure);
        return true;
    }

    private bool IsStalled(in AdmissionSample sample)
    {
        if (_stall.Elapsed < (_pace.HasCompletions ? ShortestWindow : FirstCompletionPatience))
        {
            return false;
        }

        var stalls = _stall.Completions * 4 < sample.InFlight;
        _stall = default;
        return stalls;
    }

    /// <summary>The load has fallen: for a while nobody waited, and half the limit would have held nobody back.</summary>
    private bool StepsBack(in AdmissionSample sample)
    {
        if (sample.Waiting > 0 || (sample.InFlight > Limit / 2 && Limit > _start))
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

        IsSettled = Limit <= _start;
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
        _rest = ShortestRest;
        _rested = TimeSpan.Zero;
        _baseRate = 0;
        MoveTo(Math.Max(_start, Limit / 2), Phase.Rest);
        return true;
    }

    /// <summary>Calls that are held long fill the lower limit, and the others stand still: reason enough to end the try at once.</summary>
    private bool Starves(in AdmissionSample sample)
        => sample.InFlight >= Limit && sample.Completions < _baseRate * sample.Elapsed.TotalSeconds * 0.3;

    private void MoveTo(int limit, Phase phase)
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

    private int Higher() => (int)Math.Min(_ceiling, Limit * 2L);

    private int Lower() => Math.Max(_start, (int)(Limit * 0.7));

    private bool CanFall => _mayFall && Limit > _start && _crowding.Score > Crowded && _pace.Turnover <= SlowTurnover;

    private static TimeSpan Clamp(TimeSpan value, TimeSpan min, TimeSpan max) => value < min ? min : value > max ? max : value;
}
