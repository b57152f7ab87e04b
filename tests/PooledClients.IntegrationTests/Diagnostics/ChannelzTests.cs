using System.Diagnostics;
using Grpc.Core;
using Grpc.Net.Client;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.AspNetCore.Channelz.V1;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>Channelz as a client sees it that knows the contract alone. <c>.ci/channelz/walk.js</c> does the same with gRPC's own client for Node.</summary>
public sealed class ChannelzTests : WatchedTest
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Walk_FromTopToSocket_FindsTheConnection()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await ShownHost.StartAsync(Log, services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address)));
        await host.Services.GetRequiredService<KeyValue.KeyValueClient>().GetAsync(Calls.AnyGet, cancellationToken: Token);
        using var channel = GrpcChannel.ForAddress(host.Addresses[1]);
        var client = new Channelz.ChannelzClient(channel);

        var top = await client.GetTopChannelsAsync(new GetTopChannelsRequest(), cancellationToken: Token);
        var found = Assert.Single(top.Channel);
        var again = await client.GetChannelAsync(new GetChannelRequest { ChannelId = found.Ref.ChannelId }, cancellationToken: Token);
        var connection = Assert.Single(again.Channel.SubchannelRef);
        var subchannel = await client.GetSubchannelAsync(new GetSubchannelRequest { SubchannelId = connection.SubchannelId }, cancellationToken: Token);
        var socket = await client.GetSocketAsync(new GetSocketRequest { SocketId = Assert.Single(subchannel.Subchannel.SocketRef).SocketId }, cancellationToken: Token);

        Assert.True(top.End);
        Assert.Equal(("KeyValue", ChannelConnectivityState.Types.State.Ready), (found.Ref.Name, found.Data.State.State));
        Assert.Equal((1, 1, 0), (found.Data.CallsStarted, found.Data.CallsSucceeded, found.Data.CallsFailed));
        Assert.Equal(server.Port, socket.Socket.Remote.TcpipAddress.Port);
        Assert.StartsWith("TLS_", socket.Socket.Security.Tls.StandardName, StringComparison.Ordinal);
        Assert.Equal(100u, socket.Socket.Data.PeerMaxConcurrentStreams);
    }

    [Fact]
    public async Task GetTopChannels_InPagesOfTwo_ComesToAnEndWithEachOnce()
    {
        await using var host = await ShownHost.StartAsync(Log, static services =>
        {
            for (var i = 0; i < 5; i++)
            {
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>($"kv-{i}", static options => options.Address = new Uri("http://localhost:1"));
            }
        });
        foreach (var i in Enumerable.Range(0, 5))
        {
            host.Services.GetRequiredService<IGrpcChannelPool>().GetChannel($"kv-{i}");
        }

        using var channel = GrpcChannel.ForAddress(host.Addresses[1]);
        var client = new Channelz.ChannelzClient(channel);
        List<long> ids = [];
        for (GetTopChannelsResponse page = new(); !page.End;)
        {
            page = await client.GetTopChannelsAsync(new GetTopChannelsRequest { StartChannelId = ids.Count == 0 ? 0 : ids[^1] + 1, MaxResults = 2 }, cancellationToken: Token);
            Assert.InRange(page.Channel.Count, 1, 2);
            ids.AddRange(page.Channel.Select(static one => one.Ref.ChannelId));
        }

        Assert.Equal(5, ids.Distinct().Count());
        Assert.Equal(ids.Order(), ids);
    }

    [Fact]
    public async Task Walk_ByTheClientThatNodeHas_ComesToEachSocket()
    {
        var modules = Environment.GetEnvironmentVariable("POOLEDCLIENTS_NODE_MODULES");
        Assert.SkipWhen(string.IsNullOrEmpty(modules), "POOLEDCLIENTS_NODE_MODULES names no folder with @grpc/grpc-js; .ci/run makes one.");
        await using var server = await TestServer.StartAsync();
        await using var host = await ShownHost.StartAsync(Log, services =>
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("one", options => options.ConnectTo(server.Address));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("two", options => options.ConnectTo(server.Address));
        });
        foreach (var name in (string[])["one", "two"])
        {
            await host.Services.GetRequiredKeyedService<KeyValue.KeyValueClient>(name).GetAsync(Calls.AnyGet, cancellationToken: Token);
        }

        var start = new ProcessStartInfo("node") { RedirectStandardOutput = true, RedirectStandardError = true };
        start.ArgumentList.Add(Path.Combine(Root(), ".ci", "channelz", "walk.js"));
        start.ArgumentList.Add(host.Addresses[1].Authority);
        start.ArgumentList.Add(modules);
        using var node = Process.Start(start)!;
        var errors = node.StandardError.ReadToEndAsync(Token);
        var output = await node.StandardOutput.ReadToEndAsync(Token);
        await node.WaitForExitAsync(Token);

        Assert.True(node.ExitCode == 0, $"{output}\n{await errors}");
        Assert.Contains("Walked 2 channels and 2 sockets.", output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_OfWhatIsNotThere_IsNotFound()
    {
        await using var host = await ShownHost.StartAsync(Log, static services => services.AddPooledHttpClient());
        using var channel = GrpcChannel.ForAddress(host.Addresses[1]);
        var client = new Channelz.ChannelzClient(channel);

        Assert.True((await client.GetServersAsync(new GetServersRequest(), cancellationToken: Token)).End);
        foreach (var call in (Func<Task>[])
        [
            () => client.GetChannelAsync(new GetChannelRequest { ChannelId = 987654321 }, cancellationToken: Token).ResponseAsync,
            () => client.GetSubchannelAsync(new GetSubchannelRequest { SubchannelId = 987654321 }, cancellationToken: Token).ResponseAsync,
            () => client.GetSocketAsync(new GetSocketRequest { SocketId = 987654321 }, cancellationToken: Token).ResponseAsync,
            () => client.GetServerSocketsAsync(new GetServerSocketsRequest { ServerId = 987654321 }, cancellationToken: Token).ResponseAsync,
        ])
        {
            Assert.Equal(StatusCode.NotFound, (await Assert.ThrowsAsync<RpcException>(call)).StatusCode);
        }
    }

    private static string Root()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "PooledClients.sln")))
        {
            folder = folder.Parent!;
        }

        return folder.FullName;
    }
}
