using System.Globalization;
using PooledClients.Grpc.Telemetry;

namespace PooledClients.Grpc.Deadlines;

/// <summary>When a call began and how long it may take.</summary>
internal readonly struct CallTime(TimeProvider timeProvider, TimeSpan? timeout, CallScope? call, CallObserver? observer = null)
{
    // Timers fire late, never early; but the header counts whole milliseconds from a moment before the request reached us.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(5);

    /// <summary>The call, where it is known.</summary>
    public CallScope? Call { get; } = call;

    /// <summary>Whom to tell what becomes of the call; nobody where it is nobody's.</summary>
    public CallObserver? Observer { get; } = observer;

    public long StartedAt { get; } = timeProvider.GetTimestamp();

    // A value of its own for none: the struct is a part of each call's state, and a nullable one would take eight bytes more.
    private readonly TimeSpan _timeout = timeout ?? Timeout.InfiniteTimeSpan;

    /// <summary>How long it has been going on.</summary>
    public TimeSpan Elapsed => timeProvider.GetElapsedTime(StartedAt);

    /// <summary>What is left; none without a deadline.</summary>
    public TimeSpan? Remaining
    {
        get
        {
            if (_timeout == Timeout.InfiniteTimeSpan)
            {
                return null;
            }

            var remaining = _timeout - Elapsed;
            return Call?.Clock?.Left(_timeout) is { } left && left < remaining ? left : remaining;
        }
    }

    /// <summary>What is left at least, for whoever asks whether it was the deadline that ended something; none without one.</summary>
    public TimeSpan? LeastRemaining => Call?.Clock?.Left(_timeout) is null ? Remaining - Rounded : Remaining;

    /// <summary>Whether it is the deadline that has ended the call, and not its caller.</summary>
    public bool IsOver => LeastRemaining <= Tolerance;

    /// <summary>Whether the deadline is over even if what the request tells of it was not rounded.</summary>
    public bool IsSurelyOver => Remaining <= Tolerance;

    // Grpc.Net.Client rounds what it tells up to three figures, and to whole seconds; its timer goes by what it was told itself.
    private TimeSpan Rounded => _timeout.TotalSeconds switch
    {
        <= 1 => TimeSpan.Zero,
        <= 10 => TimeSpan.FromMilliseconds(10),
        <= 100 => TimeSpan.FromMilliseconds(100),
        _ => TimeSpan.FromSeconds(1),
    };

    /// <summary>It has reached its deadline; the attempts of one call share what is told of it.</summary>
    public void DeadlineExceeded(WaitPhase phase)
    {
        if (Call?.Account is { } account)
        {
            account.DeadlineExceeded(phase);
        }
        else
        {
            Observer?.DeadlineExceeded(phase);
        }
    }

    public override string ToString() => _timeout != Timeout.InfiniteTimeSpan
        ? string.Create(CultureInfo.InvariantCulture, $"{_timeout.TotalSeconds:0.###} s{(Call?.Deadline is { } origin ? $" (set by {origin})" : null)}")
        : "none";
}
