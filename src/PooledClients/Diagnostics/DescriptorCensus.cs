using System.Runtime.InteropServices;

namespace PooledClients.Diagnostics;

/// <summary>
/// Counts the process's descriptors by kind, on Linux, without needing one: the kernel is asked of each number in turn, 0.5 ms for a
/// thousand, and at most once a second. It remembers a few minutes, so that what grows can be told from what is large.
/// </summary>
internal sealed partial class DescriptorCensus : ISnapshotSource, IDisposable
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(30);

    /// <summary>What was counted is told for so long, however often somebody asks.</summary>
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(1);

    private const int Remembered = 10;

    // Numbers are dense: the system hands out the lowest that is free. Beyond so many closed ones in a row nobody looks.
    private const int MostGap = 4096;
    private const int AtEmptyPath = 0x1000;
    private const int AtCurrentFolder = -100;
    private const uint StatxType = 1;
    private const uint StatxSize = 0x200;
    private const int ModeOffset = 28;
    private const int SizeOffset = 40;

    private static readonly string[] Kinds = ["socket", "file", "folder", "pipe", "device", "other"];

    private readonly TimeProvider _timeProvider;
    private readonly Func<int[]?> _count;
    private readonly ITimer? _timer;
    private readonly Lock _lock = new();

    // Guarded by _lock, the oldest first.
    private readonly Queue<(long At, int[] Counts)> _earlier = new();
    private (long At, int[] Counts)? _last;

    public DescriptorCensus(TimeProvider timeProvider)
        : this(timeProvider, Count)
    {
    }

    /// <param name="timeProvider">The clock.</param>
    /// <param name="count">Counts the descriptors of each of <see cref="Kinds"/>.</param>
    internal DescriptorCensus(TimeProvider timeProvider, Func<int[]?> count)
    {
        _timeProvider = timeProvider;
        _count = count;
        if (OperatingSystem.IsLinux())
        {
            Remember();
            _timer = timeProvider.CreateUncapturedTimer(static census => ((DescriptorCensus)census!).Remember(), this, Interval, Interval);
        }
    }

    public void AddTo(SnapshotBuilder snapshot)
    {
        if (_timer is null)
        {
            return;
        }

        int[] counts;
        (long At, int[] Counts) oldest;
        lock (_lock)
        {
            if (CountIfDue() is not { } now)
            {
                return;
            }

            counts = now;
            oldest = _earlier.Count > 0 ? _earlier.Peek() : (_timeProvider.GetTimestamp(), counts);
        }

        var over = _timeProvider.GetElapsedTime(oldest.At);
        snapshot.DescriptorKinds.AddRange(Kinds
            .Select((kind, i) => new DescriptorKindSnapshot { Kind = kind, Open = counts[i], Change = counts[i] - oldest.Counts[i], ChangedOver = over })
            .Where(static kind => kind.Open > 0 || kind.Change != 0)
            .OrderByDescending(static kind => kind.Open));
    }

    public void Dispose() => _timer?.Dispose();

    private void Remember()
    {
        lock (_lock)
        {
            if (CountIfDue() is { } counts)
            {
                _earlier.Enqueue((_timeProvider.GetTimestamp(), counts));
                if (_earlier.Count > Remembered)
                {
                    _earlier.Dequeue();
                }
            }
        }
    }

    // Under the lock: who asks meanwhile waits half a millisecond, and is spared the counting.
    private int[]? CountIfDue()
    {
        if (_last is { } last && _timeProvider.GetElapsedTime(last.At) < Fresh)
        {
            return last.Counts;
        }

        if (_count() is not { } counts)
        {
            return null;
        }

        _last = (_timeProvider.GetTimestamp(), counts);
        return counts;
    }

    /// <returns>How many there are of each of <see cref="Kinds"/>; <see langword="null"/> where the C library cannot tell.</returns>
    private static int[]? Count()
    {
        var counts = new int[Kinds.Length];
        Span<byte> buffer = stackalloc byte[256];
        try
        {
            // Once all are found nobody looks further; the kernel tells how many there are since Linux 6.2, and zero before.
            var left = StatX(AtCurrentFolder, "/proc/self/fd", 0, StatxSize, ref MemoryMarshal.GetReference(buffer)) == 0
                && MemoryMarshal.Read<long>(buffer[SizeOffset..]) is var open and > 0 ? open : long.MaxValue;
            for (int descriptor = 0, closed = 0; closed < MostGap && left > 0; descriptor++)
            {
                if (StatX(descriptor, "", AtEmptyPath, StatxType, ref MemoryMarshal.GetReference(buffer)) != 0)
                {
                    closed++;
                    continue;
                }

                closed = 0;
                left--;
                counts[KindOf(MemoryMarshal.Read<ushort>(buffer[ModeOffset..]))]++;
            }
        }
        catch (EntryPointNotFoundException)
        {
            return null;
        }

        return counts;
    }

    // The bits of S_IFMT in stat.h.
    private static int KindOf(ushort mode) => (mode & 0xF000) switch
    {
        0xC000 => 0,
        0x8000 => 1,
        0x4000 => 2,
        0x1000 => 3,
        0x2000 or 0x6000 => 4,
        _ => 5,
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int descriptor, string path, int flags, uint mask, ref byte buffer);
}
