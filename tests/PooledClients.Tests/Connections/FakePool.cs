using PooledClients.Connections.Budget;
using PooledClients.Connections.Budget.Leases;

namespace PooledClients.Tests.Connections;

/// <summary>A pool that holds leases and gives them all back when it is idle and asked to.</summary>
internal sealed class FakePool(string address, params IEnumerable<ConnectionLease> leases) : IReclaimable
{
    private readonly Stack<ConnectionLease> _leases = new(leases);

    public string Address => address;

    public int Connections => _leases.Count;

    public long LastUsed { get; init; }

    public bool Busy { get; set; }

    public int Reclaims { get; private set; }

    public int Reclaim()
    {
        if (Busy)
        {
            return 0;
        }

        Reclaims++;
        var given = 0;
        for (; _leases.TryPop(out var lease); given++)
        {
            lease.Dispose();
        }

        return given;
    }
}
