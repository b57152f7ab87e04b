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
                    var (tcp, unread, isResumed) = connection.ReadStream();
                    snapshot.Connections.Add(new ConnectionSnapshot
                    {
                        Id = connection.Telemetry?.Id ?? 0,
                        TransportId = transport.Id,
                        Kind = connection.Telemetry?.Kind ?? "",
                        Address = connection.Destination.Address,
                        LocalEndPoint = connection.LocalEndPoint,
                        RemoteEndPoint = connection.RemoteEndPoint,
                        Age = connection.Age,
                        SilentFor = connection.SilentFor,
                        Generation = generation.Number,
                        Retired = generation != transport.Current,
                        TlsVersion = connection.Telemetry?.TlsVersion,
                        CipherSuite = connection.Telemetry?.CipherSuite,
                        TlsResumed = isResumed,
                        StreamLimit = connection.IsReady ? connection.Destination.StreamLimit : null,
                        TcpState = tcp?.State,
                        UnreadBytes = unread,
                        UnsentBytes = tcp?.Unsent,
                        RoundTripTime = tcp?.RoundTripTime,
                        Retransmits = tcp?.Retransmits,
                        BytesReceived = tcp?.BytesReceived,
                        BytesSent = tcp?.BytesSent,
                    });
                }
            }
        }
    }
}
