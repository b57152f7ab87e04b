using System.Net.Sockets;
using PooledClients.Connections.Dialing;

namespace PooledClients.Tests.Connections.Dialing;

public sealed class DeadPeerDetectionTests
{
    // Linux takes no more than 32,767 s.
    [Theory]
    [InlineData(1, 1)]
    [InlineData(20, 10)]
    [InlineData(24 * 60 * 60, 32_767)]
    public void Apply_AnyTimeThatTheOptionsTake_AsksAfterHalfOfItOrTheMostThatTheSystemTakes(int seconds, int quiet)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

        DeadPeerDetection.Apply(socket, TimeSpan.FromSeconds(seconds));

        Assert.Equal(quiet, (int)socket.GetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime)!);
    }
}
