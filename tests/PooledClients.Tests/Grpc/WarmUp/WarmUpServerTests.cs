using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using PooledClients.Grpc.WarmUp;

namespace PooledClients.Tests.Grpc.WarmUp;

public sealed class WarmUpServerTests
{
    // The ports of those that the server shall take for its transport.
    private readonly ConcurrentDictionary<int, bool> _peers = new();

    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accept_StrangersAreFirst_ClosesThemAndAnswersItsPeer()
    {
        using var server = new WarmUpServer(_peers.ContainsKey);
        using var stranger = await ConnectAsync(server, isPeer: false);
        using var other = await ConnectAsync(server, isPeer: false);
        using var client = Client();

        using var response = await client.SendAsync(Request(server), Ended);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([0, 0, 0, 0, 0], await response.Content.ReadAsByteArrayAsync(Ended));
        Assert.Equal("0", Assert.Single(response.TrailingHeaders).Value.Single());
        Assert.Equal(0, await stranger.GetStream().ReadAsync(new byte[1], Ended));
        Assert.Equal(0, await other.GetStream().ReadAsync(new byte[1], Ended));
    }

    [Fact]
    public async Task Accept_ManyStrangersAtOnce_ConnectsAFew()
    {
        using var server = new WarmUpServer(_peers.ContainsKey);
        Socket[] strangers = [.. Enumerable.Range(0, 200).Select(static _ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))];
        using var end = CancellationTokenSource.CreateLinkedTokenSource(Ended);

        var connects = strangers.Select(stranger => stranger.ConnectAsync(IPAddress.Loopback, server.Address.ChannelAddress.Port, end.Token).AsTask()).ToArray();
        await Task.WhenAny(connects);
        var connected = connects.Count(static connect => connect.IsCompletedSuccessfully);

        Assert.InRange(connected, 1, 20);
        await end.CancelAsync();
        await Task.WhenAll(connects).ContinueWith(static _ => { }, TaskScheduler.Default);
        Array.ForEach(strangers, static stranger => stranger.Dispose());
    }

    [Fact]
    public async Task Dispose_PeersAreConnected_ClosesTheirSockets()
    {
        var server = new WarmUpServer(_peers.ContainsKey);
        using var silent = await ConnectAsync(server, isPeer: true);
        using var client = Client();
        (await client.SendAsync(Request(server), Ended)).Dispose();
        var address = server.Address.ChannelAddress;

        server.Dispose();

        Assert.Equal(0, await silent.GetStream().ReadAsync(new byte[1], Ended));
        using var late = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(async () => await late.ConnectAsync(IPAddress.Loopback, address.Port, Ended));
    }

    [Fact]
    public async Task Serve_FrameThatIsTooLong_EndsTheConnection()
    {
        using var server = new WarmUpServer(_peers.ContainsKey);
        using var peer = await ConnectAsync(server, isPeer: true);
        await peer.GetStream().WriteAsync(new byte[24], Ended);
        await peer.GetStream().WriteAsync(new byte[] { 0x7f, 0xff, 0xff, 0, 0, 0, 0, 0, 0 }, Ended);

        // What the server opens with, and then the end.
        await peer.GetStream().CopyToAsync(Stream.Null, Ended);
    }

    private async Task<TcpClient> ConnectAsync(WarmUpServer server, bool isPeer)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.ChannelAddress.Port, Ended);
        if (isPeer)
        {
            _peers[((IPEndPoint)client.Client.LocalEndPoint!).Port] = true;
        }

        return client;
    }

    private HttpClient Client() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (context, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await socket.ConnectAsync(context.DnsEndPoint, cancellationToken);
            _peers[((IPEndPoint)socket.LocalEndPoint!).Port] = true;
            return new NetworkStream(socket, ownsSocket: true);
        },
    });

    private static HttpRequestMessage Request(WarmUpServer server) => new(HttpMethod.Post, server.Address.ChannelAddress)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new ByteArrayContent([1]),
    };
}
