using PooledClients.Diagnostics;

namespace PooledClients.Connections.Budget;

/// <summary>Has pools with no request in flight close their connections while the gate is short of room, the least recently used first.</summary>
internal sealed class PoolReclaimer(Func<BudgetShortage> shortage, TimeProvider timeProvider, PooledClientsMetrics metrics)
{
    // A busy address is idle for a moment between two calls. At the high-water mark it could not connect again, so it is left alone.
    private static readonly TimeSpan RestUnderPressure = TimeSpan.FromSeconds(5);

    private readonly Lock _lock = new();
    private readonly List<IReclaimable> _pools = [];
    private int _requests;

    public void Add(IReclaimable pool)
    {
        lock (_lock)
        {
            _pools.Add(pool);
        }
    }

    public void Remove(IReclaimable pool)
    {
        lock (_lock)
        {
            _pools.Remove(pool);
        }
    }

    /// <summary>Returns at once when a run is under way, which then looks again: nobody waits for another's reclaiming.</summary>
    public void Run()
    {
        if (Interlocked.Increment(ref _requests) > 1)
        {
            return;
        }

        int seen;
        do
        {
            seen = Volatile.Read(ref _requests);
            Reclaim(shortage());
        }
        while (Interlocked.Add(ref _requests, -seen) > 0);
    }

    /// <summary>How many connections it has given back.</summary>
    public int TryReclaim(IReclaimable pool)
    {
        var given = pool.Connections == 0 ? 0 : pool.Reclaim();
        if (given > 0)
        {
            metrics.PoolReclaimed(pool.Address);
        }

        return given;
    }

    private void Reclaim(BudgetShortage lacking)
    {
        var missing = lacking.Connections;
        if (missing <= 0)
        {
            return;
        }

        foreach (var pool in Candidates(lacking.IsPressed))
        {
            missing -= TryReclaim(pool);
            if (missing <= 0)
            {
                return;
            }
        }
    }

    private List<IReclaimable> Candidates(bool onlyRested)
    {
        lock (_lock)
        {
            // Sorted by a copy of the key: a pool in use changes its own meanwhile.
            return [.. _pools.Select(p => (Pool: p, p.LastUsed))
                .Where(p => !onlyRested || timeProvider.GetElapsedTime(p.LastUsed) >= RestUnderPressure)
                .OrderBy(p => p.LastUsed).Select(p => p.Pool)];
        }
    }
}
