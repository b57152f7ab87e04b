using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Http.Conformance.Proxies;

/// <summary>A server and the proxy in front of it, which passes bytes on and writes down what it is asked for.</summary>
internal sealed class ProxiedPeer : IPeer
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly ConcurrentQueue<string> _seen = new();
    private readonly ConcurrentQueue<Task> _runs = new();
    private readonly IPeer _server;
    private readonly ProxyScript _script;
    private readonly Task _accepting;

    public ProxiedPeer(IPeer server, ProxyScript script)
    {
        _server = server;
        _script = script;
        _listener.Start();
        Proxy = new Uri($"{script.Scheme}://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        if (script.IsGone)
        {
            _listener.Dispose();
        }

        _accepting = script.IsGone ? Task.CompletedTask : AcceptAsync();
    }

    public Uri Address => _server.Address;

    public Uri Proxy { get; }

    public async Task<IReadOnlyList<string>> EndAsync()
    {
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_runs);
        return [.. _seen, .. await _server.EndAsync()];
    }

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _server.DisposeAsync();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _runs.Enqueue(RunAsync(await _listener.AcceptSocketAsync()));
            }
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception) || exception is InvalidOperationException)
        {
            // The listener is disposed, which ends a pending accept in the one way and the next one in the other.
        }
    }

    private async Task RunAsync(Socket socket)
    {
        try
        {
            using var client = new NetworkStream(socket, ownsSocket: true);
            while (await ReadHeadAsync(client) is { Count: > 0 } head)
            {
                _seen.Enqueue("the proxy: " + string.Join(" | ", head.Where(static line => !Outcome.IsOfTracing(line)))
                    .Replace(_server.Address.AbsoluteUri, "http://SERVER/", StringComparison.Ordinal)
                    .Replace(_server.Address.Authority, "SERVER", StringComparison.Ordinal));
                if (_script.Cuts)
                {
                    return;
                }

                if (Refusal(head) is { } refusal)
                {
                    await client.WriteAsync(Encoding.ASCII.GetBytes(refusal));
                    continue;
                }

                await PassOnAsync(client, head);
                return;
            }
        }
        catch (Exception exception) when (RawHttp2Server.IsEndOfConnection(exception))
        {
        }
    }

    private string? Refusal(List<string> head)
    {
        if (_script.Refuses is { } status)
        {
            return $"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n";
        }

        var wanted = _script.Credentials is { } credentials ? $"Proxy-Authorization: Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes(credentials))}" : null;
        return wanted is null || head.Contains(wanted)
            ? null
            : "HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 0\r\n\r\n";
    }

    private async Task PassOnAsync(NetworkStream client, List<string> head)
    {
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(IPAddress.Loopback, _server.Address.Port);
        await using var server = new NetworkStream(socket);
        if (head[0].StartsWith("CONNECT ", StringComparison.Ordinal))
        {
            await client.WriteAsync("HTTP/1.1 200 Connection established\r\n\r\n"u8.ToArray());
        }
        else
        {
            await server.WriteAsync(Encoding.ASCII.GetBytes(string.Join("\r\n", head) + "\r\n\r\n"));
        }

        await Task.WhenAny(client.CopyToAsync(server), server.CopyToAsync(client));
    }

    private static async Task<List<string>> ReadHeadAsync(NetworkStream client)
    {
        var head = new StringBuilder();
        var buffer = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await client.ReadAsync(buffer) > 0)
        {
            head.Append((char)buffer[0]);
        }

        return [.. head.ToString().Split("\r\n", StringSplitOptions.RemoveEmptyEntries)];
    }
}
