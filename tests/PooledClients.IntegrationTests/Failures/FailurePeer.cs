using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A peer that fails every call in one way, and counts the requests that reached it.</summary>
internal sealed class FailurePeer(Uri address, Func<int> requests, IAsyncDisposable? server) : IAsyncDisposable
{
    private static readonly TestAuthority Strange = new();

    private int _before;

    public Uri Address => address;

    /// <summary>Gets how many requests have reached it since it was prepared; how many connections, where none comes as far as a request.</summary>
    public int Requests => requests() - _before;

    /// <summary>Gets the authority that the client trusts; another one than the server's, where it is not to be trusted.</summary>
    public TestAuthority Authority { get; private init; } = TestAuthority.Shared;

    /// <summary>Gets the size of a header that each call carries.</summary>
    public int HeaderLength { get; private init; }

    /// <summary>Gets after what time a call's deadline passes, where it is to.</summary>
    public TimeSpan? Deadline { get; init; }

    /// <summary>Gets after what time the caller cancels a call, where it does.</summary>
    public TimeSpan? Cancelled { get; init; }

    /// <summary>Gets the length of what a call sends, over the client's limit where it is long.</summary>
    public int Length { get; init; }

    /// <summary>Gets what else the client's container holds.</summary>
    public Action<IServiceCollection>? Services { get; init; }

    /// <summary>Gets what else the client has.</summary>
    public Action<IPooledGrpcClientBuilder>? Client { get; init; }

    /// <summary>Gets whether the client has a breaker, whatever is tested.</summary>
    public bool HasBreaker { get; init; }

    /// <summary>Gets what comes before the calls that fail.</summary>
    public Func<ClientHost, Task>? Prepare { get; init; }

    /// <summary>Starts a peer that speaks raw frames; at most <paramref name="streams"/> calls share a connection.</summary>
    public static FailurePeer OfFrames(int streams, Func<RawHttp2Connection, RawRequest, Task> answer, bool tls = false)
    {
        var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync(streams);
                while (true)
                {
                    await answer(connection, await connection.ReceiveCompleteAsync());
                }
            },
            tls);
        return new FailurePeer(server.Address, () => server.Requests.Count, server);
    }

    /// <summary>Starts a peer that takes calls and leaves them.</summary>
    public static FailurePeer Silent(int streams, TimeSpan? deadline = null, TimeSpan? cancelled = null, int length = 0)
    {
        var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync(streams);
                await connection.Ended;
            },
            tls: false);
        return new FailurePeer(server.Address, () => server.Requests.Count, server) { Deadline = deadline, Cancelled = cancelled, Length = length };
    }

    /// <summary>Starts a peer that never comes as far as HTTP/2.</summary>
    public static FailurePeer OfConnections(Action<RawHttp2Connection> accepted, bool tls = false)
    {
        var server = new RawHttp2Server(
            connection =>
            {
                accepted(connection);
                return Task.CompletedTask;
            },
            tls);
        return new FailurePeer(server.Address, () => server.Connections.Count, server);
    }

    /// <summary>A server whose certificate the client does not trust.</summary>
    public static FailurePeer Untrusted()
    {
        var server = new RawHttp2Server(static connection => connection.ServeAsync());
        return new FailurePeer(server.Address, static () => 0, server) { Authority = Strange };
    }

    /// <summary>A port at which nobody listens.</summary>
    public static FailurePeer Nobody()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return new FailurePeer(new Uri($"http://localhost:{((IPEndPoint)listener.LocalEndpoint).Port}"), static () => 0, server: null);
    }

    /// <summary>Kestrel without HTTP/2.</summary>
    public static async Task<FailurePeer> Http1Async()
    {
        var server = await TestServer.StartAsync(new TestServerOptions { Protocols = HttpProtocols.Http1 });
        return new FailurePeer(server.Address, static () => 0, server);
    }

    /// <summary>Kestrel, whose limit of headers the calls exceed.</summary>
    public static async Task<FailurePeer> SmallHeadersAsync()
    {
        var server = await TestServer.StartAsync();

        // One call has to succeed before, which tells the client the server's limits.
        return new FailurePeer(server.Address, () => server.Requests.Count, server)
        {
            HeaderLength = 60_000,
            Prepare = static clients => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync,
        };
    }

    /// <summary>Brings about what the calls that fail find.</summary>
    public async Task PrepareAsync(ClientHost clients)
    {
        if (Prepare is not null)
        {
            await Prepare(clients);
        }

        _before = requests();
    }

    public ValueTask DisposeAsync() => server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
