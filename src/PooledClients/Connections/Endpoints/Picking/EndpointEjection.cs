namespace PooledClients.Connections.Endpoints.Picking;

/// <summary>
/// Leaves an endpoint out that fails: some failures in a row, or half of many. It is out for a base time that doubles each time, then takes
/// one call at a time until one succeeds. While it is out, once in a base time, a call may try it that can be made again elsewhere.
/// </summary>
/// <remarks>Whether enough others are left is the set's to say, by <c>mayEject</c>, which is asked only when there is a reason.</remarks>
internal sealed class EndpointEjection(EjectionSettings options, TimeProvider timeProvider)
{
    /// <summary>The least calls that a ratio is judged by.</summary>
    public const int LeastCalls = 20;

    private const int Seconds = 5;

    /// <summary>Over which the ratio is judged.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(Seconds);

    private static readonly TimeSpan LongestProbe = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();

    // Interlocked: what was answered since the last fold.
    private int _answers;

    // All written under _lock. State is read anywhere: an endpoint that was just left out may get one more call. The window is a place for
    // each of its seconds; the last one is _second's.
    private readonly (int Calls, int Failures)[] _window = new (int, int)[Seconds];
    private volatile EndpointHealth _state = EndpointHealth.Well;
    private int _inARow;
    private long _second;
    private long _ejectedAt;
    private TimeSpan _ejectedFor;
    private int _ejections;
    private bool _isProbed;
    private long _probedAt;
    private long _wellSince = timeProvider.GetTimestamp();

    public EndpointHealth State => _state;

    /// <summary>Whether it was left out last for failures in a row, rather than for their share.</summary>
    public bool IsForFailuresInARow { get; private set; }

    /// <summary>Whether the end of a call that went well matters for more than the count: it is not well, or has failed last.</summary>
    public bool IsWatched => _state != EndpointHealth.Well || Volatile.Read(ref _inARow) > 0;

    /// <summary>Counts a call that went well.</summary>
    public void Answered() => Interlocked.Increment(ref _answers);

    /// <summary>Notes when what was answered was answered; to be called some times a second.</summary>
    public void Fold()
    {
        lock (_lock)
        {
            FoldLocked();
        }
    }

    /// <summary>Whether it fails as one that is left out does, be it so or because too many are.</summary>
    public bool IsBad => _state != EndpointHealth.Well || Volatile.Read(ref _inARow) >= options.ConsecutiveFailures;

    /// <summary>How long it is still left out.</summary>
    public TimeSpan EjectedFor
    {
        get
        {
            lock (_lock)
            {
                return _state == EndpointHealth.Ejected ? Max(_ejectedFor - timeProvider.GetElapsedTime(_ejectedAt)) : TimeSpan.Zero;
            }
        }
    }

    /// <summary>Whether it is left out, and no call has tried it for so long that one should.</summary>
    public bool IsProbeDue
    {
        get
        {
            if (_state == EndpointHealth.Well)
            {
                return false;
            }

            lock (_lock)
            {
                return timeProvider.GetElapsedTime(Math.Max(_ejectedAt, _probedAt)) >= options.BaseTime;
            }
        }
    }

    /// <summary>Takes the place of the one call that an endpoint gets which was left out. Others need none.</summary>
    /// <param name="isSpare">Whether the call can be made again elsewhere: it may try one whose time is not over.</param>
    /// <returns>Whether a call may be sent there now.</returns>
    public bool TryProbe(bool isSpare = false)
    {
        if (_state == EndpointHealth.Well)
        {
            return true;
        }

        lock (_lock)
        {
            // One that has come to no end for long enough, or was never made, holds up the next one no more.
            if ((_state == EndpointHealth.Ejected && !isSpare) || (_isProbed && timeProvider.GetElapsedTime(_probedAt) < LongestProbe))
            {
                return false;
            }

            _isProbed = _state != EndpointHealth.Well;
            _probedAt = timeProvider.GetTimestamp();
            return true;
        }
    }

    /// <summary>The time that it is left out is over: it may be probed.</summary>
    /// <returns>Whether that has just come about.</returns>
    public bool Tick()
    {
        if (_state != EndpointHealth.Ejected)
        {
            return false;
        }

        lock (_lock)
        {
            if (_state != EndpointHealth.Ejected || timeProvider.GetElapsedTime(_ejectedAt) < _ejectedFor)
            {
                return false;
            }

            _state = EndpointHealth.Probing;
            _isProbed = false;
            return true;
        }
    }

    /// <summary>A call has ended.</summary>
    /// <param name="outcome">How.</param>
    /// <param name="mayEject">Whether the set can do without it.</param>
    /// <returns>Whether its state is another now.</returns>
    public bool Report(EndpointOutcome outcome, Func<bool> mayEject)
    {
        lock (_lock)
        {
            if (_state == EndpointHealth.Probing || _isProbed)
            {
                return ReportProbeLocked(outcome, mayEject);
            }

            if (outcome == EndpointOutcome.Unknown || _state == EndpointHealth.Ejected)
            {
                return false;
            }

            if (outcome == EndpointOutcome.Answered)
            {
                Answered();
                _inARow = 0;
                return false;
            }

            ref var now = ref FoldLocked();
            now.Calls++;
            now.Failures++;
            _inARow++;
            if (!options.Enabled || !IsBadLocked() || !mayEject())
            {
                return false;
            }

            // One that was well for longer than it was out begins anew.
            IsForFailuresInARow = _inARow >= options.ConsecutiveFailures;
            _ejections = timeProvider.GetElapsedTime(_wellSince) > Window + _ejectedFor ? 0 : _ejections;
            EjectLocked();
            return true;
        }
    }

    private static TimeSpan Max(TimeSpan time) => time > TimeSpan.Zero ? time : TimeSpan.Zero;

    private bool ReportProbeLocked(EndpointOutcome outcome, Func<bool> mayEject)
    {
        _isProbed = false;
        if (outcome == EndpointOutcome.Unknown)
        {
            return false;
        }

        if (outcome == EndpointOutcome.Failed)
        {
            if (_state == EndpointHealth.Ejected)
            {
                // It was tried early: the time goes on, and is not over at once.
                var atLeast = timeProvider.GetElapsedTime(_ejectedAt) + options.BaseTime;
                _ejectedFor = _ejectedFor > atLeast ? _ejectedFor : atLeast;
                return false;
            }

            // So many have left meanwhile that it cannot be done without.
            if (mayEject())
            {
                EjectLocked();
                return true;
            }
        }

        _state = EndpointHealth.Well;
        _wellSince = timeProvider.GetTimestamp();
        _inARow = 0;
        FoldLocked();
        Array.Clear(_window);
        return true;
    }

    private bool IsBadLocked()
    {
        var (calls, failures) = (0, 0);
        foreach (var second in _window)
        {
            calls += second.Calls;
            failures += second.Failures;
        }

        return _inARow >= options.ConsecutiveFailures || (calls >= LeastCalls && failures >= calls * options.FailureRatio);
    }

    // Forgets the seconds that have left the window, and counts what was answered in the one that is.
    private ref (int Calls, int Failures) FoldLocked()
    {
        var second = timeProvider.GetTimestamp() / timeProvider.TimestampFrequency;
        for (var passed = Math.Min(second - _second, Seconds); passed > 0; passed--)
        {
            _window[(second - passed + 1) % Seconds] = default;
        }

        _second = second;
        ref var now = ref _window[second % Seconds];
        now.Calls += Interlocked.Exchange(ref _answers, 0);
        return ref now;
    }

    private void EjectLocked()
    {
        _state = EndpointHealth.Ejected;
        _ejectedAt = timeProvider.GetTimestamp();
        _ejectedFor = TimeSpan.FromTicks((long)Math.Min(options.MaxTime.Ticks, options.BaseTime.Ticks * Math.Pow(2, Math.Min(_ejections, 30))));
        _ejections++;
        _inARow = 0;
        _isProbed = false;
    }
}
