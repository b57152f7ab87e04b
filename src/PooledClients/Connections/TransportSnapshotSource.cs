using PooledClients.Connections.Wire;
using PooledClients.Diagnostics;

namespace PooledClients.Connections;

/// <summary>Tells of the connections that are open.</summary>
internal sealed class TransportSnapshotSource(TransportRegistry transports) : ISnapshotSource
{
    public void AddTo(SnapshotBuilder snapshot)
    {
        foreach (var transport in transports.Transports)
        {
            foreach (var pool in transport.Endpoints)
            {
                Add(snapshot, pool.Connections.Current.Select(static connection => connection.Wire), isRetired: false);
                Add(snapshot, pool.Connections.Retired.Select(static connection => connection.Wire), isRetired: true);
            }

            foreach (var generation in transport.Generations)
            {
                Add(snapshot, generation.Destinations.SelectMany(static destination => destination.Snapshot()), generation != transport.Current);
            }
        }
    }

    private static void Add(SnapshotBuilder snapshot, IEnumerable<PooledConnection?> connections, bool isRetired)
    {
        foreach (var connection in connections.OfType<PooledConnection>())
        {
            snapshot.Connections.Add(new ConnectionSnapshot
            {
                Address = connection.Owner.Address,
                RemoteEndPoint = connection.RemoteEndPoint?.ToString(),
                Age = connection.Age,
                SilentFor = connection.SilentFor,
                Retired = isRetired,
            });
        }
    }
}
