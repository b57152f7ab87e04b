using System.Globalization;
using PooledClients.Grpc.Retries;

namespace PooledClients.Grpc.Deadlines;

/// <summary>When a call began and how long it may take.</summary>
internal readonly struct CallTime(TimeProvider timeProvider, TimeSpan? timeout, CallScope? call)
{
    // Timers fire late, never early; but the header counts whole milliseconds from a moment before the request reached us.
    private static readonly TimeSpan Tolerance = TimeSpan.FromMilliseconds(5);

    /// <summary>The call, where it is known.</summary>
    public CallScope? Call { get; } = call;

    public long StartedAt { get; } = timeProvider.GetTimestamp();

    /// <summary>What is left; none without a deadline.</summary>
    public TimeSpan? Remaining => timeout - timeProvider.GetElapsedTime(StartedAt);

    /// <summary>Whether it is the deadline that has ended the call, and not its caller.</summary>
    public bool IsOver => Remaining <= Tolerance;

    public override string ToString() => timeout is { } time
        ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0.###} s{(Call?.Deadline is { } origin ? $" (set by {origin})" : null)}")
        : "none";
}
