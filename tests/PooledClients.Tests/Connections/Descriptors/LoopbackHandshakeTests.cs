using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Descriptors;

namespace PooledClients.Tests.Connections.Descriptors;

public sealed class LoopbackHandshakeTests
{
    // Any process of the machine may connect to a port of loopback, and may be first.
    [Fact]
    public async Task Accept_StrangersComeFirst_TakesItsOwnAndClosesTheirs()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var stranger = await ConnectAsync(listener);
        using var client = await ConnectAsync(listener);

        using var server = await LoopbackHandshake.AcceptAsync(listener, client, TestContext.Current.CancellationToken);

        Assert.Equal(client.LocalEndPoint, server.RemoteEndPoint);
        Assert.Equal(0, await stranger.ReceiveAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    private static async Task<Socket> ConnectAsync(TcpListener listener)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(listener.LocalEndpoint, TestContext.Current.CancellationToken);
        return socket;
    }
}
