namespace PooledClients.Grpc;

/// <summary>
/// Looks for the least limit at which about as many calls complete as at any higher one. It tries the double while calls wait, and
/// the half, keeps what pays, and rests longer after each try that did not.
/// </summary>
/// <remarks>
/// It judges by completions and not by round-trip times, so that methods that are slow by nature do not read as a server under
/// load. Where there is next to nothing to judge by (calls of seconds, long polls) it opens up, as a plain channel would.
/// </remarks>
internal sealed class AdmissionSearch
{
    // The double has to complete that many more calls, the half no fewer than that: between the two, the limit stays.
    private const double Worthwhile = 1.04;
    private const double Harmless = 0.98;

    // So much more needs no second look at the limit before: it is beyond noise.
    private const double ObviousDouble = 1.5;
    private const double ObviousHalf = 1.15;

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

    private int _floor;
    private int _start;
    private int _ceiling;
    private readonly AdmissionPace _pace = new();
    private Phase _phase;
    private bool _upward = true;
    private int _base;
    private double _baseRate;
    private double _triedRate;
    private bool _moved;
    private int _changes;
    private TimeSpan _settle;
    private TimeSpan _rest = ShortestRest;
    private TimeSpan _rested;
    private AdmissionWindow _window;
    private AdmissionWindow _stall;
    private AdmissionWindow _quiet;

    /// <param name="floor">The least limit that is ever tried.</param>
    /// <param name="start">The limit that a load finds; after it has gone, the next one finds it again.</param>
    /// <param name="ceiling">The most that the address can carry.</param>
    public AdmissionSearch(int floor, int start, int ceiling)
    {
        _floor = floor;
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
    public void Resize(int floor, int start, int ceiling)
    {
        _floor = floor;
        _start = start;
        _ceiling = ceiling;
        if (Limit < floor || Limit > ceiling)
        {
            MoveTo(Math.Clamp(Limit, floor, ceiling), Phase.Measure);
        }

        _base = Math.Clamp(_base, floor, ceiling);
    }

    public void Observe(in AdmissionSample sample)
    {
        _pace.Add(sample);
        if (StepsBack(sample) || OpensUp(sample))
        {
            return;
        }

        // While the limit is not even half in use, nothing can be learnt about it.
        if (sample.Waiting == 0 && sample.InFlight * 2 < Limit)
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
        if (_phase == Phase.Try && _window.Elapsed >= ShortestWindow && rate >= _baseRate * (_upward ? ObviousDouble : ObviousHalf))
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

    // One direction until it does not pay, then the other: at rest a try now and then, each way in turn, is all that is left.
    private void TryNext(bool waiting)
    {
        var canRise = waiting && Limit < _ceiling;
        var canFall = Limit > _floor && _baseRate > 0 && _pace.Turnover <= SlowTurnover;
        if (_moved && !(_upward ? canRise : canFall))
        {
            _upward = !_upward;
            Rest();
        }
        else if (canRise || canFall)
        {
            _upward = canRise && (_upward || !canFall);
            MoveTo(_upward ? Higher() : Lower(), Phase.Try);
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
        _upward = !_upward;
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
            _upward = !_upward;
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
        // Calls slower than a window come in bursts: no two windows are alike.
        var changed = _pace.Turnover < LongestWindow && (rate > _baseRate * Change || rate * Change < _baseRate);
        _changes = changed ? _changes + 1 : 0;
        _rested += _window.Elapsed;
        _window = default;
        if (_changes == 2)
        {
            _upward = true;
            _rest = ShortestRest;
            _phase = Phase.Measure;
        }
        else if (_rested >= _rest)
        {
            _phase = Phase.Measure;
        }
    }

    /// <summary>Next to nothing completes while calls wait: a stall, or calls that take long. Nothing can be judged, so it opens up.</summary>
    private bool OpensUp(in AdmissionSample sample)
    {
        if (sample.Waiting == 0 || Limit >= _ceiling)
        {
            _stall = default;
            return false;
        }

        _stall.Add(sample);
        if (_stall.Elapsed < (_pace.HasCompletions ? ShortestWindow : FirstCompletionPatience))
        {
            return false;
        }

        var opens = _stall.Completions * 4 < sample.InFlight;
        _stall = default;
        if (opens)
        {
            // If it was but a stall, the way back is the first to be tried.
            _upward = false;
            _rest = ShortestRest;
            MoveTo(Higher(), Phase.Measure);
        }

        return opens;
    }

    /// <summary>The load has fallen: for a while nobody waited, and half the limit would have held nobody back.</summary>
    private bool StepsBack(in AdmissionSample sample)
    {
        if (sample.Waiting > 0 || (sample.InFlight > Lower() && Limit > _start))
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

        _upward = true;
        _moved = false;
        _rest = ShortestRest;
        MoveTo(Math.Max(_start, Lower()), Phase.Measure);
        return true;
    }

    /// <summary>Calls that are held long fill the half, and the others stand still: reason enough to end the try at once.</summary>
    private bool Starves(in AdmissionSample sample)
        => sample.InFlight >= Limit && sample.Completions < _baseRate * sample.Elapsed.TotalSeconds * 0.3;

    private void MoveTo(int limit, Phase phase)
    {
        Limit = limit;
        _phase = phase;
        _window = default;
        _stall = default;
        _settle = Clamp(_pace.Turnover, ShortestSettle, SlowTurnover);
    }

    private int Higher() => (int)Math.Min(_ceiling, Limit * 2L);

    private int Lower()
    {
        var lower = _floor;
        while (lower * 2L < Limit)
        {
            lower *= 2;
        }

        return lower;
    }

    private static TimeSpan Clamp(TimeSpan value, TimeSpan min, TimeSpan max) => value < min ? min : value > max ? max : value;
}
