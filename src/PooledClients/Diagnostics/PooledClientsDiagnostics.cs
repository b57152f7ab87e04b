using PooledClients.Diagnostics.Events;

namespace PooledClients.Diagnostics;

internal sealed class PooledClientsDiagnostics(IEnumerable<ISnapshotSource> sources, EventLog events, TimeProvider timeProvider) : IPooledClientsDiagnostics
{
    private readonly ISnapshotSource[] _sources = [.. sources];

    public PooledClientsSnapshot Capture() => Capture(new SnapshotBuilder());

    /// <summary>All but the single connections, which no trouble is found by: what a probe that comes every few seconds needs.</summary>
    public PooledClientsSnapshot CaptureWithoutConnections() => Capture(new SnapshotBuilder { WithConnections = false });

    private PooledClientsSnapshot Capture(SnapshotBuilder snapshot)
    {
        foreach (var source in _sources)
        {
            source.AddTo(snapshot);
        }

        return snapshot.Build(timeProvider.GetUtcNow(), events.Capture());
    }
}
