using Grpc.Core;
using PooledClients.AspNetCore.Channelz.V1;

namespace PooledClients.AspNetCore.Channelz;

/// <summary>
/// Tells channelz clients of the pooled channels. The subchannels of a channel are the connections of its transport; each has one socket,
/// whose number is the one after. Numbers rise and are never used again, so pages are by number. A walk begins with a snapshot of its
/// own; what it then asks for one by one may be a second old.
/// </summary>
internal sealed class ChannelzService(IPooledClientsDiagnostics diagnostics, TimeProvider time) : V1.Channelz.ChannelzBase
{
    private const int PageSize = 100;

    private readonly SharedSnapshot _shared = SharedSnapshot.Of(diagnostics);

    public override Task<GetTopChannelsResponse> GetTopChannels(GetTopChannelsRequest request, ServerCallContext context)
    {
        if (request.StartChannelId < 0 || request.MaxResults < 0)
        {
            throw new RpcException(new Status(StatusCode.InvalidArgument, "start_channel_id and max_results must not be negative."));
        }

        var snapshot = request.StartChannelId == 0 ? _shared.Take(diagnostics, time) : _shared.Get(diagnostics, time);
        var most = request.MaxResults == 0 ? PageSize : (int)Math.Min(request.MaxResults, PageSize);
        List<ChannelSnapshot> channels = [.. snapshot.Channels.Where(channel => channel.Id >= request.StartChannelId).OrderBy(static channel => channel.Id).Take(most + 1)];
        var response = new GetTopChannelsResponse { End = channels.Count <= most };
        response.Channel.AddRange(channels.Take(most).Select(channel => ChannelzMessages.Channel(channel, snapshot)));
        return Task.FromResult(response);
    }

    public override Task<GetChannelResponse> GetChannel(GetChannelRequest request, ServerCallContext context)
    {
        var (snapshot, channel) = Find(snapshot => snapshot.Channels.FirstOrDefault(channel => channel.Id == request.ChannelId), "channel", request.ChannelId);
        return Task.FromResult(new GetChannelResponse { Channel = ChannelzMessages.Channel(channel, snapshot) });
    }

    public override Task<GetSubchannelResponse> GetSubchannel(GetSubchannelRequest request, ServerCallContext context) =>
        Task.FromResult(new GetSubchannelResponse { Subchannel = ChannelzMessages.Subchannel(Find(request.SubchannelId, "subchannel", request.SubchannelId)) });

    public override Task<GetSocketResponse> GetSocket(GetSocketRequest request, ServerCallContext context) =>
        Task.FromResult(new GetSocketResponse { Socket = ChannelzMessages.Socket(Find(ChannelzMessages.ConnectionOfSocket(request.SocketId), "socket", request.SocketId)) });

    /// <summary>There is no server of this library's: an empty page, and the last.</summary>
    public override Task<GetServersResponse> GetServers(GetServersRequest request, ServerCallContext context) =>
        Task.FromResult(new GetServersResponse { End = true });

    public override Task<GetServerSocketsResponse> GetServerSockets(GetServerSocketsRequest request, ServerCallContext context) =>
        throw NotFound("server", request.ServerId);

    private ConnectionSnapshot Find(long connection, string kind, long id) =>
        Find(snapshot => snapshot.Connections.FirstOrDefault(open => open.Kind == ChannelzMessages.Kind && open.Id == connection), kind, id).Found;

    // What is not in the shared one may be younger than it.
    private (PooledClientsSnapshot Snapshot, T Found) Find<T>(Func<PooledClientsSnapshot, T?> find, string kind, long id)
        where T : class
    {
        var snapshot = _shared.Get(diagnostics, time);
        if (find(snapshot) is { } shared)
        {
            return (snapshot, shared);
        }

        snapshot = _shared.Take(diagnostics, time);
        return (snapshot, find(snapshot) ?? throw NotFound(kind, id));
    }

    private static RpcException NotFound(string kind, long id) => new(new Status(StatusCode.NotFound, Page.Show.Text($"There is no {kind} {id}.")));
}
