using PooledClients.Diagnostics;
using PooledClients.Grpc.Admission;
using PooledClients.Grpc.Streams;

namespace PooledClients.Grpc;

/// <summary>Tells of the channels, their calls and their open streams.</summary>
internal sealed class GrpcSnapshotSource(GrpcChannelPool pool) : ISnapshotSource
{
    public void AddTo(SnapshotBuilder snapshot)
    {
        foreach (var (name, channel) in pool.Channels)
        {
            if (channel.Handler is not { } handler)
            {
                continue;
            }

            snapshot.Channels.Add(new ChannelSnapshot
            {
                Name = name,
                Address = handler.Transport.Address,
                State = handler.State.ToString(),
                CallsInFlight = handler.Transport.InFlight,
                CallsWaiting = handler.Admission.Waiting,
                CallLimit = handler.Admission.Limit is var limit and < int.MaxValue ? limit : null,
            });
        }

        foreach (var handler in pool.Handlers)
        {
            foreach (var stream in handler.OpenStreams.Snapshot())
            {
                snapshot.OpenStreams.Add(new OpenStreamSnapshot
                {
                    Address = handler.Transport.Address,
                    Method = stream.Method.TrimStart('/'),
                    HeldFor = handler.OpenStreams.AgeOf(stream),
                });
            }
        }
    }
}
