using System.Net;
using System.Net.Sockets;

namespace PooledClients.IntegrationTests.Tls;

/// <summary>A server whose kernel accepts connections, and that never says a word on them.</summary>
internal sealed class SilentServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    public SilentServer() => _listener.Start(backlog: 512);

    public Uri Address => new($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public void Dispose() => _listener.Dispose();
}
