using System.Numerics;

namespace PooledClients.Grpc.Telemetry;

/// <summary>
/// The calls that ended within the last two minutes: how many, how many failed, and how long they took, to a fifth. A call costs three
/// interlocked increments and no allocation. At the turn of a slot a count may be lost: it is a picture, not a bill.
/// </summary>
internal sealed class CallWindow(TimeProvider timeProvider)
{
    public const int LinePoints = 60;
    public static readonly TimeSpan LineStep = TimeSpan.FromSeconds(2);
    public static readonly TimeSpan Length = LinePoints * LineStep;

    // Four buckets for each doubling from 16 us: the last takes what is longer than about two minutes.
    private const int Buckets = 92;
    private const int BucketsADoubling = 4;
    private const long FirstMicroseconds = 16;
    private const int Spans = 12;

    // One more of each than is told, so that the oldest is whole.
    private readonly Slot[] _line = Slots(LinePoints + 1, latencies: 0);
    private readonly Slot[] _spans = Slots(Spans + 1, Buckets);

    public void Add(TimeSpan duration, bool failed)
    {
        var now = timeProvider.GetElapsedTime(0);
        var point = Current(_line, now.Ticks / LineStep.Ticks);
        Interlocked.Increment(ref point.Calls);
        if (failed)
        {
            Interlocked.Increment(ref point.Failed);
        }

        Interlocked.Increment(ref Current(_spans, now.Ticks / (Length / Spans).Ticks).Latencies[BucketOf(duration)]);
    }

    /// <summary>The calls, and those that failed, of each step, the oldest first.</summary>
    public (int[] Calls, int[] Failed) Line()
    {
        var calls = new int[LinePoints];
        var failed = new int[LinePoints];
        var newest = timeProvider.GetElapsedTime(0).Ticks / LineStep.Ticks;
        foreach (var slot in _line)
        {
            var age = newest - Volatile.Read(ref slot.Epoch);
            if (age is >= 0 and < LinePoints)
            {
                calls[LinePoints - 1 - age] = Volatile.Read(ref slot.Calls);
                failed[LinePoints - 1 - age] = Volatile.Read(ref slot.Failed);
            }
        }

        return (calls, failed);
    }

    /// <summary>Adds how often each duration was seen to <paramref name="counts"/>, for <see cref="Percentile"/>.</summary>
    public void AddLatencies(int[] counts)
    {
        var newest = timeProvider.GetElapsedTime(0).Ticks / (Length / Spans).Ticks;
        foreach (var slot in _spans.Where(slot => newest - Volatile.Read(ref slot.Epoch) is >= 0 and < Spans))
        {
            for (var i = 0; i < Buckets; i++)
            {
                counts[i] += Volatile.Read(ref slot.Latencies[i]);
            }
        }
    }

    public static int[] NoLatencies() => new int[Buckets];

    /// <summary>The duration that this share of the calls took at most; none without a call.</summary>
    public static TimeSpan? Percentile(int[] counts, double share)
    {
        long total = counts.Sum();
        if (total == 0)
        {
            return null;
        }

        var left = (long)Math.Ceiling(total * share);
        for (var i = 0; ; i++)
        {
            left -= counts[i];
            if (left <= 0 || i == Buckets - 1)
            {
                return UpperBound(i);
            }
        }
    }

    internal static int BucketOf(TimeSpan duration)
    {
        var scaled = Math.Max(1, (ulong)Math.Max(0, duration.Ticks / TimeSpan.TicksPerMicrosecond) / FirstMicroseconds);
        var doubling = BitOperations.Log2(scaled);
        var within = doubling >= 2 ? (int)(scaled >> (doubling - 2)) & 3 : (int)(scaled << (2 - doubling)) & 3;
        return Math.Min((doubling * BucketsADoubling) + within, Buckets - 1);
    }

    private static TimeSpan UpperBound(int bucket)
    {
        var (doubling, within) = Math.DivRem(bucket, BucketsADoubling);
        return TimeSpan.FromMicroseconds(FirstMicroseconds * (double)(1L << doubling) * (1 + ((within + 1) / (double)BucketsADoubling)));
    }

    private static Slot Current(Slot[] slots, long epoch)
    {
        var slot = slots[epoch % slots.Length];
        if (Volatile.Read(ref slot.Epoch) != epoch)
        {
            lock (slot)
            {
                if (slot.Epoch != epoch)
                {
                    slot.Calls = 0;
                    slot.Failed = 0;
                    Array.Clear(slot.Latencies);
                    Volatile.Write(ref slot.Epoch, epoch);
                }
            }
        }

        return slot;
    }

    private static Slot[] Slots(int count, int latencies) => [.. Enumerable.Range(0, count).Select(_ => new Slot(latencies))];

    private sealed class Slot(int latencies)
    {
        public readonly int[] Latencies = new int[latencies];
        public long Epoch = -1;
        public int Calls;
        public int Failed;
    }
}
