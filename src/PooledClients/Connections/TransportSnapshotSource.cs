using PooledClients.Connections.Endpoints;
using PooledClients.Diagnostics;

namespace PooledClients.Connections;

/// <summary>Tells of the connections that are open.</summary>
internal sealed class TransportSnapshotSource(TransportRegistry transports) : ISnapshotSource
{
    public void AddTo(SnapshotBuilder snapshot)
    {
        foreach (var transport in transports.Transports)
        {
            foreach (var generation in transport.Generations)
            {
                foreach (var connection in generation.Destinations.SelectMany(static destination => destination.Snapshot()))
                {
                    snapshot.Connections.Add(new ConnectionSnapshot
                    {
                        Address = connection.Destination.Address,
                        RemoteEndPoint = connection.RemoteEndPoint?.ToString(),
                        Age = connection.Age,
                        SilentFor = connection.SilentFor,
                        Retired = generation != transport.Current,
                    });
                }
            }
        }
    }
}
