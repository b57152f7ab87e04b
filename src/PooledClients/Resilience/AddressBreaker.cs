using Microsoft.Extensions.Logging;
using PooledClients.Diagnostics;

namespace PooledClients.Resilience;

/// <summary>
/// The breaker of one address, whoever calls it. While it is closed a request does not go through it but is reported to it afterwards,
/// which costs nothing but a look. When it is open nothing is sent; after the break one request at a time probes, and only the server's
/// answer or its failure ends that: a probe that came to nothing, cancelled or out of time, lets the next request probe at once.
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
    private bool _isProbing;
    private bool _isProbeDue;

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
        BeginProbe();
        var outcome = RequestOutcome.Ignored;
        Task<TResult> sending;
        try
        {
            sending = send();
            if (!sending.IsCompleted)
            {
                await Task.WhenAny(sending, Task.Delay(_settings.BreakDuration, _time)).ConfigureAwait(false);
            }

            // A stream may go without headers for hours. What has not failed by now speaks for the server; if it did not, the breaker would
            // keep all other calls from a server that is well.
            outcome = sending.IsCompleted ? judge(await sending.ConfigureAwait(false)) : RequestOutcome.Answered;
        }
        catch (Exception e)
        {
            outcome = judgeFailure(e);
            throw;
        }
        finally
        {
            EndProbe(outcome);
        }

        return await sending.ConfigureAwait(false);
    }

    private void BeginProbe()
    {
        lock (_lock)
        {
            var wait = _isClosed || _isProbeDue ? TimeSpan.Zero : _settings.BreakDuration - _time.GetElapsedTime(_openedAt);
            if (wait > TimeSpan.Zero)
            {
                throw new BreakerOpenException(
                    _address, FormattableString.Invariant($"until {_time.GetUtcNow() + wait:HH:mm:ss.fff} UTC (in {wait.TotalSeconds:0.##} s)"), wait);
            }

            // Where it has closed since it was looked at, the request goes out like any other.
            if (!_isClosed && _isProbing)
            {
                throw new BreakerOpenException(_address, "while a probe is on its way", TimeSpan.Zero);
            }

            _isProbing = !_isClosed;
        }
    }

    private void EndProbe(RequestOutcome outcome)
    {
        bool closes, opens;
        lock (_lock)
        {
            closes = !_isClosed && outcome == RequestOutcome.Answered;
            opens = !_isClosed && outcome == RequestOutcome.Failed;
            _isProbing = false;
            _isProbeDue = outcome == RequestOutcome.Ignored;
            if (closes)
            {
                _window.Clear();
                _isClosed = true;
            }
            else if (opens)
            {
                Open();
            }
        }

        if (closes)
        {
            _logger.BreakerClosed(_address);
        }
        else if (opens)
        {
            SayOpened();
        }
    }

    private void Open()
    {
        _isClosed = false;
        _isProbing = false;
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
}
