using System.Diagnostics;

namespace PooledClients.Scenarios.Measuring;

/// <summary>
/// When calls ended, in slots of 10 ms. The clock is the machine's monotonic one, which all its processes share: a moment that the
/// bench notes can be compared with the calls of a child.
/// </summary>
internal sealed class Timeline
{
    private const int MaxSlots = 60_000;
    private static readonly long SlotTicks = Stopwatch.Frequency / 100;

    private readonly long _started = Stopwatch.GetTimestamp();
    private readonly int[] _succeeded = new int[MaxSlots];
    private readonly int[] _failed = new int[MaxSlots];

    public void Record(bool succeeded)
    {
        var slot = (Stopwatch.GetTimestamp() - _started) / SlotTicks;
        if (slot < MaxSlots)
        {
            Interlocked.Increment(ref (succeeded ? _succeeded : _failed)[slot]);
        }
    }

    /// <summary>Counts the failures between two moments.</summary>
    public int FailuresBetween(long from, long to) => Sum(_failed, from, to);

    /// <summary>Counts the successes between two moments.</summary>
    public int SuccessesBetween(long from, long to) => Sum(_succeeded, from, to);

    /// <summary>Tells how long after a moment the first call succeeded.</summary>
    public double? SecondsToFirstSuccess(long after) => Seconds(after, Array.FindIndex(_succeeded, Slot(after), count => count > 0));

    /// <summary>Tells how long after a moment the last call failed; 0 when none failed after it.</summary>
    public double SecondsToLastFailure(long after)
    {
        var last = Array.FindLastIndex(_failed, count => count > 0);
        return last < Slot(after) ? 0 : Seconds(after, last) ?? 0;
    }

    private static int Sum(int[] counts, int from, int to)
    {
        var sum = 0;
        for (var slot = from; slot <= to; slot++)
        {
            sum += counts[slot];
        }

        return sum;
    }

    private int Sum(int[] counts, long from, long to) => Sum(counts, Slot(from), Slot(to));

    private int Slot(long moment) => (int)Math.Clamp((moment - _started) / SlotTicks, 0, MaxSlots - 1);

    private double? Seconds(long after, int slot) => slot < 0 ? null : Math.Round(Math.Max(0, ((slot + 1) * SlotTicks) + _started - after) / (double)Stopwatch.Frequency, 2);
}
