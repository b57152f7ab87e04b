namespace PooledClients.Http.Exchanges.Timing;

/// <summary>
/// The exchanges that are under way. It ends exchanges at their deadlines, without a timer for each: a timer of a few lists wakes when the earliest deadline that a list has seen is
/// due, and looks through the list. Deadlines that come after the earliest, as they do where all are equally long, cost a link and no timer.
/// Two looks at a list are at least <see cref="Granularity"/> apart, so a deadline is kept to within that.
/// </summary>
internal sealed class DeadlineSchedule : IDisposable
{
    /// <summary>By how much an item may outlive its deadline.</summary>
    public static readonly TimeSpan Granularity = TimeSpan.FromMilliseconds(20);

    // By the processor, so that neighbours seldom meet at a lock.
    private readonly DeadlineList[] _lists;

    public DeadlineSchedule(TimeProvider time)
    {
        _lists = new DeadlineList[(int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Environment.ProcessorCount)];
        for (var i = 0; i < _lists.Length; i++)
        {
            _lists[i] = new DeadlineList(time);
        }
    }

    /// <summary>Has it ended when it is due, unless it is removed before.</summary>
    public void Add(TimedItem item) => _lists[Thread.GetCurrentProcessorId() & (_lists.Length - 1)].Add(item);

    /// <summary>Shows each that is under way to <paramref name="visit"/>.</summary>
    public void Visit(Action<TimedItem> visit)
    {
        foreach (var list in _lists)
        {
            list.Visit(visit);
        }
    }

    /// <summary>Keeps no timer once nothing is left: what is still open has its deadline all the same.</summary>
    public void Dispose()
    {
        foreach (var list in _lists)
        {
            list.Dispose();
        }
    }
}
