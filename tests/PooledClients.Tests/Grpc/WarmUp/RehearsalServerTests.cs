using System.Net;
using System.Net.Sockets;
using PooledClients.Grpc.WarmUp;

namespace PooledClients.Tests.Grpc.WarmUp;

public sealed class RehearsalServerTests
{
    private static CancellationToken Ended => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Accept_AnotherPeerIsFirst_AnswersTheNextOneToo()
    {
        using var server = new RehearsalServer();
        using var silent = await ConnectAsync(server);
        using var client = new HttpClient();

        using var response = await client.SendAsync(Request(server), Ended);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal([0, 0, 0, 0, 0], await response.Content.ReadAsByteArrayAsync(Ended));
        Assert.Equal("0", Assert.Single(response.TrailingHeaders).Value.Single());
    }

    [Fact]
    public async Task Dispose_PeersAreConnected_ClosesTheirSockets()
    {
        var server = new RehearsalServer();
        using var silent = await ConnectAsync(server);
        using var client = new HttpClient();
        (await client.SendAsync(Request(server), Ended)).Dispose();

        server.Dispose();

        Assert.Equal(0, await silent.GetStream().ReadAsync(new byte[1], Ended));
    }

    [Fact]
    public async Task Serve_FrameThatIsTooLong_EndsTheConnection()
    {
        using var server = new RehearsalServer();
        using var peer = await ConnectAsync(server);
        await peer.GetStream().WriteAsync(new byte[24], Ended);
        await peer.GetStream().WriteAsync(new byte[] { 0x7f, 0xff, 0xff, 0, 0, 0, 0, 0, 0 }, Ended);

        // What the server opens with, and then the end.
        await peer.GetStream().CopyToAsync(Stream.Null, Ended);
    }

    private static async Task<TcpClient> ConnectAsync(RehearsalServer server)
    {
        var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, server.Address.ChannelAddress.Port, Ended);
        return client;
    }

    private static HttpRequestMessage Request(RehearsalServer server) => new(HttpMethod.Post, server.Address.ChannelAddress)
    {
        Version = HttpVersion.Version20,
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new ByteArrayContent([1]),
    };
}
