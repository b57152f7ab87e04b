using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Resilience;

/// <summary>
/// The breaker of one address, whoever calls it. While it is closed a request does not go through it but is reported to it afterwards,
/// which costs nothing but a look. When it is open nothing is sent; after the break one request at a time probes, and only the server's
/// answer or its failure ends that: a probe that came to nothing, cancelled or out of time, lets the next request probe at once, and one
/// that has not ended within a break lets the next one probe beside it.
/// </summary>
/// <remarks>Polly's breaker takes whatever is no failure for a success, so it cannot say that a probe came to nothing.</remarks>
internal sealed class AddressBreaker
{
    private readonly Lock _lock = new();
    private readonly string _address;
    private readonly BreakerSettings _settings;
    private readonly TimeProvider _time;
    private readonly GrpcMetrics? _metrics;
    private readonly ILogger _logger;

    // Written under the lock, as is all that follows.
    private volatile bool _isClosed = true;
    private readonly OutcomeWindow _window;
    private long _openedAt;
    private bool _isProbeDue;

    // How often it has opened after it was closed, and the latest probe, until it ends.
    private long _opening;
    private Probe? _probe;
    private TaskCompletionSource _turn = NewTurn();

    public AddressBreaker(string address, BreakerSettings settings, TimeProvider time, GrpcMetrics? metrics, ILogger logger)
    {
        _address = address;
        _settings = settings;
        _time = time;
        _metrics = metrics;
        _logger = logger;
        _window = new OutcomeWindow(settings.SamplingDuration, time);
    }

    /// <summary>Told each time that it opens, under no lock.</summary>
    public event Action? Opened;

    /// <summary>Whether requests may go out without asking. What they come to is then given to <see cref="Report"/>.</summary>
    public bool IsClosed => _isClosed;

    /// <summary>Its state in gRPC's and Polly's words: Closed, Open or HalfOpen, when the break is over and the next request probes.</summary>
    public string State => _isClosed ? "Closed" : OpenUntil is null ? "HalfOpen" : "Open";

    /// <summary>Until when it is open; <see langword="null"/> while it is not.</summary>
    public DateTimeOffset? OpenUntil
    {
        get
        {
            lock (_lock)
            {
                var left = _settings.BreakDuration - _time.GetElapsedTime(_openedAt);
                return _isClosed || _isProbeDue || left <= TimeSpan.Zero ? null : _time.GetUtcNow() + left;
            }
        }
    }

    /// <summary>How long it stays open.</summary>
    public TimeSpan BreakDuration => _settings.BreakDuration;

    /// <summary>Ends when the probe that is on its way does, whatever it comes to: who waits for a turn asks again then, or when the break is over.</summary>
    public Task Turn
    {
        get
        {
            lock (_lock)
            {
                return _turn.Task;
            }
        }
    }

    /// <summary>Counts a request that went out while the breaker was closed.</summary>
    public void Report(RequestOutcome outcome)
    {
        // What began before the breaker opened is no probe.
        if (outcome == RequestOutcome.Ignored || !_isClosed)
        {
            return;
        }

        lock (_lock)
        {
            if (!_isClosed)
            {
                return;
            }

            _window.Add(outcome == RequestOutcome.Failed);
            if (outcome != RequestOutcome.Failed || _window.All < _settings.MinimumRequests || _window.Failed < _settings.FailureRatio * _window.All)
            {
                return;
            }

            Open();
        }

        SayOpened();
    }

    /// <summary>Makes a request while the breaker is not closed: as its probe, or not at all.</summary>
    /// <param name="send">Makes the request.</param>
    /// <param name="judge">What its result says.</param>
    /// <param name="judgeFailure">What it says that there is none.</param>
    /// <exception cref="BreakerOpenException">The breaker is open, or another probe is on its way.</exception>
    public async Task<TResult> ProbeAsync<TResult>(Func<Task<TResult>> send, Func<TResult, RequestOutcome> judge, Func<Exception, RequestOutcome> judgeFailure)
    {
        if (BeginProbe() is not { } probe)
        {
            // It has closed since it was looked at: the request goes out like any other.
            return await send().ConfigureAwait(false);
        }

        var outcome = RequestOutcome.Ignored;
        try
        {
            var result = await send().ConfigureAwait(false);
            outcome = judge(result);
            return result;
        }
        catch (Exception e)
        {
            outcome = judgeFailure(e);
            throw;
        }
        finally
        {
            EndProbe(probe, outcome);
        }
    }

    private Probe? BeginProbe()
    {
        lock (_lock)
        {
            if (_isClosed)
            {
                return null;
            }

            var wait = _isProbeDue ? TimeSpan.Zero : _settings.BreakDuration - _time.GetElapsedTime(_openedAt);
            if (wait > TimeSpan.Zero)
            {
                throw new BreakerOpenException(
                    _address, FormattableString.Invariant($"until {_time.GetUtcNow() + wait:HH:mm:ss.fff} UTC (in {wait.TotalSeconds:0.##} s)"), wait);
            }

            // A stream may go without headers for hours: what has not ended within a break is not waited for, but proves nothing.
            if (_probe is { } before && _time.GetElapsedTime(before.BeganAt) < _settings.BreakDuration)
            {
                throw new BreakerOpenException(_address, "while a probe is on its way", TimeSpan.Zero);
            }

            return _probe = new Probe(_opening, _time.GetTimestamp());
        }
    }

    private void EndProbe(Probe probe, RequestOutcome outcome)
    {
        bool closes, opens;
        TaskCompletionSource turn;
        lock (_lock)
        {
            (turn, _turn) = (_turn, NewTurn());

            // What an earlier opening was probed with says nothing about this one.
            var counts = !_isClosed && probe.Opening == _opening;
            closes = counts && outcome == RequestOutcome.Answered;
            opens = counts && outcome == RequestOutcome.Failed;
            if (closes)
            {
                _window.Clear();
                _isClosed = true;
                _probe = null;
            }
            else if (opens)
            {
                Open();
            }
            else if (ReferenceEquals(_probe, probe))
            {
                _probe = null;
                _isProbeDue = true;
            }
        }

        turn.SetResult();
        if (closes)
        {
            _logger.BreakerClosed(_address);
        }
        else if (opens)
        {
            SayOpened();
        }
    }

    private static TaskCompletionSource NewTurn() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void Open()
    {
        _opening += _isClosed ? 1 : 0;
        _isClosed = false;
        _probe = null;
        _isProbeDue = false;
        _openedAt = _time.GetTimestamp();
    }

    // Outside the lock: a logger may take its time.
    private void SayOpened()
    {
        _metrics?.BreakerOpened(_address);
        Opened?.Invoke();
        _logger.BreakerOpened(_address, _settings.BreakDuration.TotalSeconds);
    }

    /// <summary>A request that goes out while the breaker is not closed.</summary>
    /// <param name="Opening">Which opening it is to end.</param>
    /// <param name="BeganAt">When it began.</param>
    private sealed record Probe(long Opening, long BeganAt);
}
