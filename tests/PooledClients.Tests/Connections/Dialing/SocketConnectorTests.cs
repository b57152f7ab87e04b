using System.Net;
using System.Net.Sockets;
using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class SocketConnectorTests
{
    [Fact]
    public void Interleave_TwoFamilies_AlternatesFromTheFirst()
    {
        IPAddress[] addresses = [.. new[] { "::1", "::2", "::3", "10.0.0.1", "10.0.0.2" }.Select(IPAddress.Parse)];

        Assert.Equal(["::1", "10.0.0.1", "::2", "10.0.0.2", "::3"], SocketConnector.Interleave(addresses).Select(static address => address.ToString()));
    }

    [Fact]
    public async Task Connect_FirstAddressRefuses_TakesTheNextAtOnce()
    {
        using var listener = Listen(IPAddress.Loopback);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;

        // Nothing listens on the second loopback address.
        using var socket = await SocketConnector.ConnectAsync(
            [IPAddress.Parse("127.0.0.2"), IPAddress.Loopback], port, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task Connect_FirstAddressHangs_TakesTheNextAfterTheAttemptDelay()
    {
        using var hanging = Listen(IPAddress.Parse("127.0.0.3"), backlog: 0);
        var port = ((IPEndPoint)hanging.LocalEndPoint!).Port;
        using var listener = Listen(IPAddress.Loopback, port: port);
        using var filler = await FillAsync(hanging);

        using var socket = await SocketConnector.ConnectAsync(
            [IPAddress.Parse("127.0.0.3"), IPAddress.Loopback], port, TimeProvider.System, TestContext.Current.CancellationToken);

        Assert.Equal(IPAddress.Loopback, ((IPEndPoint)socket.RemoteEndPoint!).Address);
    }

    [Fact]
    public async Task Connect_AllRefuse_FailsWithTheFirstsReason()
    {
        using var listener = Listen(IPAddress.Loopback);
        var port = ((IPEndPoint)listener.LocalEndPoint!).Port;
        listener.Dispose();

        var exception = await Assert.ThrowsAsync<SocketException>(() => SocketConnector.ConnectAsync(
            [IPAddress.Loopback, IPAddress.Parse("127.0.0.2")], port, TimeProvider.System, TestContext.Current.CancellationToken));

        Assert.Equal(SocketError.ConnectionRefused, exception.SocketErrorCode);
    }

    private static Socket Listen(IPAddress address, int backlog = 16, int port = 0)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen(backlog);
        return socket;
    }

    // A full accept queue lets further connects hang, as a dead host does.
    private static async Task<Disposables> FillAsync(Socket listener)
    {
        var sockets = new Disposables();
        for (var i = 0; i < 8; i++)
        {
            var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            sockets.Add(socket);
            using var hangs = new CancellationTokenSource(TimeSpan.FromMilliseconds(200));
            try
            {
                await socket.ConnectAsync(listener.LocalEndPoint!, hangs.Token);
            }
            catch (OperationCanceledException)
            {
                return sockets;
            }
        }

        return sockets;
    }

    private sealed class Disposables : List<IDisposable>, IDisposable
    {
        public void Dispose() => ForEach(static item => item.Dispose());
    }
}
