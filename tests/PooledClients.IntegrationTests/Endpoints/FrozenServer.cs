using System.Net;
using System.Net.Sockets;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Accepts connections as the kernel does for a process that is frozen, and never says a word.</summary>
internal sealed class FrozenServer : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly List<Socket> _accepted = [];
    private int _count;

    public FrozenServer(IPEndPoint address)
    {
        _listener.Bind(address);
        _listener.Listen();
        _ = AcceptAsync();
    }

    public int Accepted => Volatile.Read(ref _count);

    public void Dispose()
    {
        _listener.Dispose();
        lock (_accepted)
        {
            _accepted.ForEach(static socket => socket.Dispose());
        }
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var socket = await _listener.AcceptAsync();
                Interlocked.Increment(ref _count);
                lock (_accepted)
                {
                    _accepted.Add(socket);
                }
            }
        }
        catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
        {
        }
    }
}
