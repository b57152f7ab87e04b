using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using PooledClients.TestBed.Servers;

namespace PooledClients.IntegrationTests.Http.Conformance.Peers;

/// <summary>The real servers that all cases share, one a protocol. The first segment of a path is the number of the run that it belongs to.</summary>
public sealed class KestrelServers : IAsyncDisposable
{
    private readonly ConcurrentDictionary<(Version Version, bool Tls), Lazy<Task<TestServer>>> _servers = new();
    private readonly ConcurrentDictionary<string, KestrelPeer> _peers = new(StringComparer.Ordinal);
    private int _last;

    internal static PeerFactory Http1 { get; } = Over(HttpVersion.Version11, tls: false);

    internal static PeerFactory Http1Tls { get; } = Over(HttpVersion.Version11, tls: true);

    internal static PeerFactory Http2 { get; } = Over(HttpVersion.Version20, tls: true);

    internal static PeerFactory Http2ClearText { get; } = Over(HttpVersion.Version20, tls: false);

    public async ValueTask DisposeAsync()
    {
        foreach (var server in _servers.Values)
        {
            await (await server.Value).DisposeAsync();
        }
    }

    private static PeerFactory Over(Version version, bool tls) => async servers =>
    {
        var server = await servers._servers.GetOrAdd((version, tls), key => new(() => servers.StartAsync(key.Version, key.Tls))).Value;
        var run = Interlocked.Increment(ref servers._last).ToString(CultureInfo.InvariantCulture);
        return servers._peers[run] = new KestrelPeer(new Uri($"{server.Address.GetLeftPart(UriPartial.Authority)}/{run}/"));
    };

    private Task<TestServer> StartAsync(Version version, bool tls)
        => TestServer.StartAsync(new TestServerOptions
        {
            Tls = tls,
            Protocols = version.Major == 2 ? HttpProtocols.Http2 : HttpProtocols.Http1,
            Map = application =>
            {
                application.UseWebSockets();
                application.Run(ServeAsync);
            },
        });

    private async Task ServeAsync(HttpContext context)
    {
        var path = context.Request.Path.Value!.Split('/', 3);
        var peer = _peers[path[1]];
        context.Request.PathBase = "/" + path[1];
        context.Request.Path = "/" + path[2];
        context.Features.Get<IHttpMinRequestBodyDataRateFeature>()?.MinDataRate = null;
        await peer.ServeAsync(context);
    }
}
