using PooledClients.Connections.Budget.Leases;
using PooledClients.Connections.Descriptors;

namespace PooledClients.Connections.Budget;

/// <summary>The budget at one moment: every address with a lease in use or waited for. An address appears once a generation.</summary>
internal sealed record BudgetState(DescriptorReading Descriptors, int Budget, int InUse, IReadOnlyList<LeaseQueueState> Addresses)
{
    /// <summary>Addresses by connections held, most first.</summary>
    public IReadOnlyList<ConnectionHolder> Holders =>
        [.. Addresses.Where(a => a.InUse > 0)
            .GroupBy(a => a.Address, (address, states) => new ConnectionHolder(address, states.Sum(s => s.InUse)))
            .OrderByDescending(h => h.Connections).ThenBy(h => h.Address, StringComparer.Ordinal)];
}
