using System.Globalization;
using System.Net;
using System.Net.Sockets;
using PooledClients.IntegrationTests.Http;

namespace PooledClients.IntegrationTests.Proxies;

/// <summary>A proxy that makes tunnels to this machine, after it was told who asks where that is wanted.</summary>
internal static class TunnelProxy
{
    /// <param name="withCredentials">Whether it wants to know who asks.</param>
    /// <param name="refuses">Whether it makes no tunnel at the moment.</param>
    public static RawHttpServer Start(bool withCredentials, Func<bool>? refuses = null) => new(async (head, stream) =>
    {
        if (refuses?.Invoke() == true)
        {
            return "HTTP/1.1 502 No\r\nContent-Length: 0\r\n\r\n";
        }

        if (withCredentials && !head.Contains("Proxy-Authorization: Basic " + Convert.ToBase64String("user:secret"u8), StringComparison.OrdinalIgnoreCase))
        {
            return "HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n";
        }

        var target = head.Split(' ')[1].Split(':');
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(IPAddress.Loopback, int.Parse(target[1], CultureInfo.InvariantCulture));
        await stream.WriteAsync("HTTP/1.1 200 Connected\r\n\r\n"u8.ToArray());
        await using var onward = new NetworkStream(socket);
        await Task.WhenAny(stream.CopyToAsync(onward), onward.CopyToAsync(stream));
        return null;
    });
}
