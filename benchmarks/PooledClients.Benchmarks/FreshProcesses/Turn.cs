using System.Diagnostics;

namespace PooledClients.Benchmarks.FreshProcesses;

/// <summary>What the same work took one contender, beside the others at nearly the same moment.</summary>
internal readonly record struct Turn(TimeSpan Time, long Bytes)
{
    /// <summary>Has the contenders work by turns, so that what the machine does meanwhile meets all of them.</summary>
    /// <param name="turns">The turns that count; a third as many come before.</param>
    /// <param name="contenders">The work of one turn, contender by contender.</param>
    /// <returns>The turns, each with what it was for every contender.</returns>
    public static async Task<IReadOnlyList<Turn[]>> TakeAsync(int turns, IReadOnlyList<Func<Task>> contenders)
    {
        var warmUp = turns / 3;
        List<Turn[]> all = [];
        for (var turn = 0; turn < warmUp + turns; turn++)
        {
            var taken = new Turn[contenders.Count];
            for (var place = 0; place < contenders.Count; place++)
            {
                // Each goes first as often as the others.
                var contender = (turn + place) % contenders.Count;
                taken[contender] = await TakeAsync(contenders[contender]);
            }

            all.Add(taken);
        }

        return all[warmUp..];
    }

    /// <summary>The median time of one piece of a contender's work.</summary>
    public static double MedianMicroseconds(IReadOnlyList<Turn[]> turns, int contender, int piecesATurn) =>
        turns.Select(turn => turn[contender].Time.TotalMicroseconds / piecesATurn).Median();

    private static async Task<Turn> TakeAsync(Func<Task> work)
    {
        var bytes = GC.GetTotalAllocatedBytes(precise: true);
        var started = Stopwatch.GetTimestamp();
        await work();
        return new Turn(Stopwatch.GetElapsedTime(started), GC.GetTotalAllocatedBytes(precise: true) - bytes);
    }
}
