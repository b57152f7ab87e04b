using System.Net.Sockets;

namespace PooledClients.Connections.Dialing;

/// <summary>
/// Lets the kernel find a peer that is gone, which asks no server's leave as HTTP/2 pings do: TCP keepalive for a connection that is
/// quiet, and on Linux TCP_USER_TIMEOUT for one with bytes on the way (gRFC A18).
/// </summary>
internal static class DeadPeerDetection
{
    private const int Probes = 4;
    private const int IpProtoTcp = 6;
    private const int LinuxTcpUserTimeout = 18;

    // The most that Linux takes for the quiet time and for the one between probes.
    private const int MostSeconds = 32_767;

    public static void Apply(Socket socket, TimeSpan timeout)
    {
        if (timeout == Timeout.InfiniteTimeSpan)
        {
            return;
        }

        // Half of the time quiet, then probes over the other half. The kernel counts in whole seconds.
        var seconds = (int)Math.Min(Math.Ceiling(timeout.TotalSeconds), 2 * MostSeconds);
        socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, Math.Max(1, seconds / 2));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveInterval, Math.Max(1, seconds / 2 / Probes));
        socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveRetryCount, Probes);
        if (OperatingSystem.IsLinux())
        {
            socket.SetRawSocketOption(IpProtoTcp, LinuxTcpUserTimeout, BitConverter.GetBytes((int)timeout.TotalMilliseconds));
        }
    }
}
