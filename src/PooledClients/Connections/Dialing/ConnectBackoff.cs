namespace PooledClients.Connections.Dialing;

/// <summary>
/// Spaces failed dials to one address: 20 ms, doubling with jitter, never over 250 ms. Short, so that calls are back at once when the server
/// is; long enough that a hot loop of failing calls costs neither side anything.
/// </summary>
internal sealed class ConnectBackoff(TimeProvider timeProvider)
{
    private static readonly TimeSpan First = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(250) / 1.2;

    private readonly Lock _lock = new();

    // Null while the last dial succeeded: the only thing that a call looks at. Written under _lock.
    private volatile ConnectFailure? _failure;
    private TimeSpan _delay;

    /// <summary>The failure whose gap still lasts or that is the last one known; none when the last dial succeeded.</summary>
    public ConnectFailure? Failure => _failure;

    public ConnectFailure Fail(Exception exception)
    {
        lock (_lock)
        {
            _delay = _delay == TimeSpan.Zero ? First : TimeSpan.FromTicks(Math.Min(_delay.Ticks * 2, Most.Ticks));

            // +-20%, so that clients that lost one server together do not come back together.
            var gap = _delay * (0.8 + (Random.Shared.NextDouble() * 0.4));
            return _failure = new ConnectFailure(exception, timeProvider.GetTimestamp() + (long)(gap.TotalSeconds * timeProvider.TimestampFrequency));
        }
    }

    /// <summary>A connection is up. Until it has answered something the next failure is spaced as if it had not come up.</summary>
    public void Connected()
    {
        lock (_lock)
        {
            _failure = null;
        }
    }

    public void Succeed()
    {
        lock (_lock)
        {
            _delay = TimeSpan.Zero;
            _failure = null;
        }
    }

    /// <summary>How long the gap after the last failure still lasts; zero when there is none.</summary>
    public TimeSpan RemainingGap()
    {
        if (_failure is not { } failure)
        {
            return TimeSpan.Zero;
        }

        var remaining = timeProvider.GetElapsedTime(timeProvider.GetTimestamp(), failure.NextDialAt);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }
}
