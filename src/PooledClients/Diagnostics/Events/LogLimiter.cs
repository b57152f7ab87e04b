using System.Collections.Frozen;

namespace PooledClients.Diagnostics.Events;

/// <summary>
/// Lets a line that a fault may repeat through once a minute for each address, client or path that it names, and counts the rest: a
/// server that is down for a night must not fill the disk.
/// </summary>
internal sealed class LogLimiter(TimeProvider timeProvider)
{
    public static readonly TimeSpan Interval = TimeSpan.FromMinutes(1);

    // With more of them within a minute a line may come again early.
    internal const int MostTargets = 10_000;

    private readonly Lock _lock = new();

    // Guarded by _lock: when a line was last let through, and how many were not since then.
    private readonly Dictionary<(int Id, string Target), (long At, int Held)> _seen = [];

    /// <summary>The lines that are held back. The others are told each time: they follow from what somebody does, or happen once.</summary>
    public static FrozenSet<int> Limited { get; } = FrozenSet.ToFrozenSet(
        [200, 202, 203, 206, 303, 304, 320, 403, 410, 513, 514, 517, 518, 519, 550, 551, 552, 553, 554, 601, 602]);

    /// <summary>Whether the line may be told now, and how many like it were not since the last one.</summary>
    public bool MayTell(int id, string target, out int held)
    {
        held = 0;
        if (!Limited.Contains(id))
        {
            return true;
        }

        var now = timeProvider.GetTimestamp();
        lock (_lock)
        {
            var isKnown = _seen.TryGetValue((id, target), out var last);
            if (isKnown && timeProvider.GetElapsedTime(last.At, now) < Interval)
            {
                _seen[(id, target)] = (last.At, last.Held + 1);
                return false;
            }

            if (!isKnown && _seen.Count >= MostTargets)
            {
                MakeRoom(now);
            }

            _seen[(id, target)] = (now, 0);
            held = last.Held;
            return true;
        }
    }

    // First those that may go without a loss: their minute is over, and nothing was held back.
    private void MakeRoom(long now)
    {
        var leastNeeded = _seen.OrderBy(entry => entry.Value.Held > 0 || timeProvider.GetElapsedTime(entry.Value.At, now) < Interval).ThenBy(static entry => entry.Value.At);
        foreach (var key in leastNeeded.Take(MostTargets / 2).Select(static entry => entry.Key).ToList())
        {
            _seen.Remove(key);
        }
    }
}
