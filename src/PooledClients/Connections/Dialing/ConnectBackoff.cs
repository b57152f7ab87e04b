using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Dialing;

/// <summary>
/// Spaces failed dials to one address: 20 ms, doubling with jitter, never over 250 ms. Short, so that calls are back at once when the server
/// is; long enough that a hot loop of failing calls costs neither side anything.
/// </summary>
/// <param name="timeProvider">Times the gaps.</param>
/// <param name="watch">Told what becomes of the address; nobody is without.</param>
/// <param name="address">The address.</param>
internal sealed class ConnectBackoff(TimeProvider timeProvider, AddressWatch? watch = null, string address = "")
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
        var failure = FailCore(exception);
        if (!LocalFault.IsOutOfDescriptors(exception))
        {
            watch?.Failed(address, exception, RemainingGap());
        }

        return failure;
    }

    private ConnectFailure FailCore(Exception exception)
    {
        lock (_lock)
        {
            _delay = _delay == TimeSpan.Zero ? First : TimeSpan.FromTicks(Math.Min(_delay.Ticks * 2, Most.Ticks));

            // +-20%, so that clients that lost one server together do not come back together.
            var gap = _delay * (0.8 + (Random.Shared.NextDouble() * 0.4));
            return _failure = new ConnectFailure(exception, timeProvider.GetTimestamp() + (long)(gap.TotalSeconds * timeProvider.TimestampFrequency));
        }
    }

    /// <summary>Says more of the last failure than was known when it happened: a TLS error surfaces later than its socket closes.</summary>
    public void Explain(Exception exception)
    {
        lock (_lock)
        {
            if (_failure is { } failure)
            {
                _failure = failure with { Exception = exception };
            }
        }

        watch?.Explain(address, exception);
    }

    public void Succeed()
    {
        lock (_lock)
        {
            _delay = TimeSpan.Zero;
            _failure = null;
        }

        watch?.Reached(address);
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
