using System.Net;
using System.Net.Sockets;
using PooledClients.Scenarios.Processes;

namespace PooledClients.Scenarios.Servers;

/// <summary>
/// A relay between client and server in a process of its own. Told so, it forwards nothing more on the connections it has, and closes
/// none of them: its kernel still acknowledges. New connections are forwarded.
/// </summary>
internal static class RelayRole
{
    public const string Name = "relay";
    public const string Hole = "hole";

    private static int _generation;

    public static async Task RunAsync(RelaySettings settings, ChildLink link)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        link.Send(ChildLink.Ready, ((IPEndPoint)listener.LocalEndpoint).Port);
        _ = AcceptAsync(listener, settings.Port);
        await foreach (var _ in link.Commands.ReadAllAsync())
        {
            Interlocked.Increment(ref _generation);
            link.Reply();
        }
    }

    private static async Task AcceptAsync(TcpListener listener, int port)
    {
        while (true)
        {
            _ = RelayAsync(await listener.AcceptTcpClientAsync(), port, Volatile.Read(ref _generation));
        }
    }

    private static async Task RelayAsync(TcpClient client, int port, int generation)
    {
        using (client)
        using (var server = new TcpClient { NoDelay = true })
        {
            client.NoDelay = true;
            try
            {
                await server.ConnectAsync(IPAddress.Loopback, port);
                await Task.WhenAny(
                    PumpAsync(client.GetStream(), server.GetStream(), generation),
                    PumpAsync(server.GetStream(), client.GetStream(), generation));
            }
            catch (IOException)
            {
                // One side has closed: so does the relay.
            }
            catch (SocketException)
            {
                // The server is not there: the client sees the end of its connection.
            }
        }
    }

    private static async Task PumpAsync(NetworkStream from, NetworkStream to, int generation)
    {
        var buffer = new byte[16 * 1024];
        while (await from.ReadAsync(buffer) is > 0 and int read)
        {
            if (Volatile.Read(ref _generation) != generation)
            {
                await Task.Delay(Timeout.Infinite);
            }

            await to.WriteAsync(buffer.AsMemory(0, read));
        }
    }
}
