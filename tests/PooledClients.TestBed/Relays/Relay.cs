using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace PooledClients.TestBed.Relays;

/// <summary>
/// A TCP relay in front of a server. It can swallow what comes, in both directions, while its kernel goes on acknowledging:
/// the half-open connection that TCP itself never reports.
/// </summary>
internal sealed class Relay : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentDictionary<RelayedConnection, Task> _connections = new();
    private readonly int _targetPort;
    private readonly Task _accepting;
    private int _accepted;

    public Relay(int targetPort)
    {
        _targetPort = targetPort;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Gets how many connections were ever accepted.</summary>
    public int Accepted => Volatile.Read(ref _accepted);

    /// <summary>Gets or sets whether connections to come are swallowed too, their TLS handshake included.</summary>
    public bool SwallowsNew { get; set; }

    /// <summary>Gets where clients connect instead of at <paramref name="server"/>.</summary>
    public Uri AddressFor(Uri server) => new UriBuilder(server) { Port = Port }.Uri;

    /// <summary>Swallows everything on the connections that are open now, without closing them.</summary>
    public void BlackHole()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Swallows = true;
        }
    }

    /// <summary>Closes every open connection.</summary>
    public void Cut()
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        Cut();
        await Task.WhenAll(_connections.Values);
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync();
                Interlocked.Increment(ref _accepted);
                var connection = new RelayedConnection(client) { Swallows = SwallowsNew };
                _connections[connection] = connection.RunAsync(_targetPort);
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener is disposed, which ends a pending accept in the one way and the next one in the other.
        }
    }
}
