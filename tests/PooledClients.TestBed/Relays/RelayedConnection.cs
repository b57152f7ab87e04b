using System.Net;
using System.Net.Sockets;

namespace PooledClients.TestBed.Relays;

/// <summary>One connection through a <see cref="Relay"/>.</summary>
internal sealed class RelayedConnection(Socket client) : IDisposable
{
    private readonly Socket _server = new(SocketType.Stream, ProtocolType.Tcp);
    private volatile bool _swallows;

    public bool Swallows { get => _swallows; set => _swallows = value; }

    public async Task RunAsync(int targetPort)
    {
        try
        {
            client.NoDelay = true;
            _server.NoDelay = true;
            await _server.ConnectAsync(IPAddress.Loopback, targetPort);
            await Task.WhenAll(ForwardAsync(client, _server), ForwardAsync(_server, client));
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
        finally
        {
            Dispose();
        }
    }

    public void Dispose()
    {
        client.Dispose();
        _server.Dispose();
    }

    private async Task ForwardAsync(Socket from, Socket to)
    {
        var buffer = new byte[16 * 1024];
        int count;
        while ((count = await from.ReceiveAsync(buffer)) > 0)
        {
            for (var sent = 0; sent < count && !_swallows;)
            {
                sent += await to.SendAsync(buffer.AsMemory(sent, count - sent));
            }
        }

        if (!_swallows)
        {
            to.Shutdown(SocketShutdown.Send);
        }
    }
}
