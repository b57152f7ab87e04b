using System.Net;
using Microsoft.AspNetCore.Builder;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Several servers of one service, which all have the certificate of its name and none of their address.</summary>
internal sealed class ServerGroup(string host) : IAsyncDisposable
{
    public static readonly Uri Address = new("https://service.test");

    private readonly List<TestServer> _servers = [];

    public IReadOnlyList<TestServer> Servers => _servers;

    public TestServer this[int index] => _servers[index];

    public IEnumerable<EndPoint> EndPoints => _servers.Select(EndPointOf);

    public static EndPoint EndPointOf(TestServer server) => new IPEndPoint(IPAddress.Loopback, server.Port);

    /// <summary>How many calls a server got; the pool's own health check, one a connection, is none.</summary>
    public static int CallsOf(TestServer server) => server.Requests.Count(static request => !request.Path.StartsWith("/grpc.health.v1.", StringComparison.Ordinal));

    public static async Task<ServerGroup> StartAsync(int count, string host = "service.test")
    {
        var group = new ServerGroup(host);
        for (var i = 0; i < count; i++)
        {
            await group.AddAsync();
        }

        return group;
    }

    /// <summary>
    /// Makes bursts of calls until one is spread so that each server gets from <paramref name="least"/> to <paramref name="most"/> of them: an
    /// endpoint that answered late, as one of a process that is busy does, gets few for some seconds, however many calls fall into them.
    /// </summary>
    public async Task IsSpreadAsync(Func<Task> burst, int least, int most)
    {
        const int Bursts = 80;
        List<string> seen = [];
        for (var i = 0; i < Bursts; i++)
        {
            var before = _servers.Select(CallsOf).ToArray();
            await burst();
            var calls = _servers.Select((server, index) => CallsOf(server) - before[index]).ToArray();
            if (calls.All(count => count >= least && count <= most))
            {
                return;
            }

            seen.Add(string.Join(' ', calls));
            await Task.Delay(TimeSpan.FromMilliseconds(250));
        }

        Assert.Fail($"No burst was spread, {least} to {most} a server: {string.Join("; ", seen)}");
    }

    public async Task<TestServer> AddAsync(int port = 0, IPAddress? address = null, Action<WebApplication>? map = null, int maxStreams = 100)
    {
        var server = await TestServer.StartAsync(new TestServerOptions
        {
            Port = port,
            Address = address ?? IPAddress.Loopback,
            Certificate = TestAuthority.Shared.IssueServer(host),
            Map = map,
            MaxStreams = maxStreams,
        });
        _servers.Add(server);
        return server;
    }

    public async Task KillAsync(int index)
    {
        var server = _servers[index];
        _servers.RemoveAt(index);
        await server.KillAsync();
        await server.DisposeAsync();
    }

    /// <summary>Points a client at the service, its endpoints being the servers that are there now.</summary>
    public void Configure(PooledGrpcClientOptions options)
    {
        options.Address = Address;
        options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
        options.Endpoints.Resolver = EndpointResolver.Static;
        foreach (var server in _servers)
        {
            options.Endpoints.Addresses.Add($"127.0.0.1:{server.Port}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers)
        {
            await server.DisposeAsync();
        }
    }
}
