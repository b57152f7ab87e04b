using PooledClients.Connections.Endpoints;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.Connections.Wire;
using PooledClients.Diagnostics;

namespace PooledClients.Connections;

/// <summary>Tells of the connections that are open.</summary>
internal sealed class TransportSnapshotSource(TransportRegistry transports) : ISnapshotSource
{
    public void AddTo(SnapshotBuilder snapshot)
    {
        if (!snapshot.WithConnections)
        {
            return;
        }

        foreach (var transport in transports.Transports)
        {
            foreach (var pool in transport.Endpoints)
            {
                // One that is retired meanwhile is in both for a moment.
                foreach (var connection in pool.Connections.Current.Concat(pool.Connections.Retired).Distinct())
                {
                    if (connection.Wire is { } wire)
                    {
                        snapshot.Connections.Add(Describe(transport, wire, connection.GenerationNumber, connection.IsRetired, connection));
                    }
                }
            }

            foreach (var generation in transport.Generations)
            {
                var isRetired = generation != transport.Current;
                foreach (var connection in generation.Destinations.SelectMany(static destination => destination.Snapshot()))
                {
                    snapshot.Connections.Add(Describe(transport, connection, generation.Number, isRetired, http2: null));
                }
            }
        }
    }

    private static ConnectionSnapshot Describe(Transport transport, PooledConnection connection, int generation, bool isRetired, Http2Connection? http2)
    {
        var (tcp, unread, isResumed) = connection.ReadStream();
        return new ConnectionSnapshot
        {
            Id = connection.Telemetry?.Id ?? 0,
            TransportId = transport.Id,
            Kind = transport.Key.Kind,
            Address = connection.Owner.Address,
            LocalEndPoint = connection.LocalEndPoint,
            RemoteEndPoint = connection.RemoteEndPoint,
            Age = connection.Age,
            SilentFor = connection.SilentFor ?? tcp?.SilentFor,
            Generation = generation,
            Retired = isRetired,
            TlsVersion = connection.Telemetry?.TlsVersion,
            CipherSuite = connection.Telemetry?.CipherSuite,
            TlsResumed = isResumed,
            Streams = http2?.Streams,
            StreamsStarted = http2?.StreamsStarted,
            StreamLimit = http2?.Limit,
            GoAwayCode = connection.Telemetry?.GoAwayCode,
            TcpState = tcp?.State,
            UnreadBytes = unread,
            UnsentBytes = tcp?.Unsent,
            RoundTripTime = tcp?.RoundTripTime,
            Retransmits = tcp?.Retransmits,
            BytesReceived = tcp?.BytesReceived,
            BytesSent = tcp?.BytesSent,
        };
    }
}
