using Grpc.Core;
using Microsoft.Extensions.Time.Testing;
using PooledClients.AspNetCore.Channelz;
using PooledClients.AspNetCore.Channelz.V1;

namespace PooledClients.Tests.AspNetCore;

public sealed class ChannelzSnapshotTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly Counting _diagnostics = new();

    [Fact]
    public async Task Walk_OfAThousandConnections_TakesOneSnapshot()
    {
        await Service().GetTopChannels(new GetTopChannelsRequest(), null!);
        foreach (var connection in _diagnostics.Snapshot.Connections)
        {
            await Service().GetSubchannel(new GetSubchannelRequest { SubchannelId = connection.Id }, null!);
            await Service().GetSocket(new GetSocketRequest { SocketId = connection.Id + 1 }, null!);
        }

        Assert.Equal(1000, _diagnostics.Snapshot.Connections.Count);
        Assert.Equal(1, _diagnostics.Captures);
    }

    [Fact]
    public async Task Walk_BegunAnewOrASecondLater_TakesAnother()
    {
        await Service().GetTopChannels(new GetTopChannelsRequest(), null!);
        await Service().GetTopChannels(new GetTopChannelsRequest(), null!);
        _time.Advance(TimeSpan.FromSeconds(1));
        await Service().GetChannel(new GetChannelRequest { ChannelId = 2 }, null!);

        Assert.Equal(3, _diagnostics.Captures);
    }

    [Fact]
    public async Task Get_OfWhatTheSharedSnapshotHasNot_LooksAgainBeforeItIsNotFound()
    {
        await Service().GetTopChannels(new GetTopChannelsRequest(), null!);

        var failure = await Assert.ThrowsAsync<RpcException>(() => Service().GetSubchannel(new GetSubchannelRequest { SubchannelId = 1 }, null!));

        Assert.Equal(StatusCode.NotFound, failure.StatusCode);
        Assert.Equal(2, _diagnostics.Captures);
    }

    // One is made for each request.
    private ChannelzService Service() => new(_diagnostics, _time);

    private sealed class Counting : IPooledClientsDiagnostics
    {
        public PooledClientsSnapshot Snapshot { get; } = Snapshots.Trouble(connections: 1000);

        public int Captures { get; private set; }

        public PooledClientsSnapshot Capture()
        {
            Captures++;
            return Snapshot;
        }
    }
}
