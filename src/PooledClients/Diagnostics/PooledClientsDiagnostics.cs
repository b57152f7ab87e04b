using PooledClients.Diagnostics.Events;

namespace PooledClients.Diagnostics;

internal sealed class PooledClientsDiagnostics(IEnumerable<ISnapshotSource> sources, EventLog events, TimeProvider timeProvider) : IPooledClientsDiagnostics
{
    private readonly ISnapshotSource[] _sources = [.. sources];

    public PooledClientsSnapshot Capture()
    {
        var snapshot = new SnapshotBuilder();
        foreach (var source in _sources)
        {
            source.AddTo(snapshot);
        }

        return snapshot.Build(timeProvider.GetUtcNow(), events.Capture());
    }
}
