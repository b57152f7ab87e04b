using System.Net;
using System.Net.Sockets;

namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>A server that accepts and never says a word, not even of TLS.</summary>
internal sealed class SilentPeer : IPeer
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly TaskCompletionSource _connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<Socket> _sockets = [];
    private readonly Task _accepting;

    private SilentPeer()
    {
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public static PeerFactory Create { get; } = static _ => new(new SilentPeer());

    public Uri Address => new($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}/");

    /// <summary>Gets the arrival of the first connection.</summary>
    public Task Connected => _connected.Task;

    public Task<IReadOnlyList<string>> EndAsync() => Task.FromResult<IReadOnlyList<string>>([]);

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        foreach (var socket in _sockets)
        {
            socket.Dispose();
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _sockets.Add(await _listener.AcceptSocketAsync());
                _connected.TrySetResult();
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The listener is disposed, which ends a pending accept in the one way and the next one in the other.
        }
    }
}
