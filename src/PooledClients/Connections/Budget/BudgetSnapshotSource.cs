using PooledClients.Connections.Descriptors;
using PooledClients.Diagnostics;

namespace PooledClients.Connections.Budget;

internal sealed class BudgetSnapshotSource(ConnectionGate gate, DescriptorMeter meter, DescriptorGuardian guardian, TimeProvider timeProvider) : ISnapshotSource
{
    public void AddTo(SnapshotBuilder snapshot)
    {
        var state = gate.Capture();
        var descriptors = meter.Read();
        snapshot.Descriptors = new DescriptorSnapshot
        {
            Open = descriptors.Open,
            Limit = descriptors.Limit,
            Source = meter.Source,
            Reserved = guardian.Held,
            Connections = state.InUse,
            Budget = state.Budget,
        };
        snapshot.Pools.AddRange(state.Addresses.Select(a => new ConnectionPoolSnapshot
        {
            Address = a.Address,
            Kind = a.Kind,
            Connections = a.InUse,
            Waiting = a.Waiting,
            OldestWait = a.WaitsSince is { } since ? timeProvider.GetElapsedTime(since) : null,
            WaitsForBudget = a.WaitsForBudget,
            Limit = a.Cap,
        }));
    }
}
