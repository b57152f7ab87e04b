using System.Net;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Proxies;

/// <summary>Proxies: for clear text, tunnels for TLS, with credentials, bypassed, refusing and gone.</summary>
public class ProxyTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        Get("clear text", KestrelServers.Http1, new ProxyScript(), "the proxy: GET http://"),
        Get("clear text, credentials asked for", KestrelServers.Http1, new ProxyScript { Credentials = "user:secret" }, "the quick brown fox", new NetworkCredential("user", "secret")),
        Get("clear text, credentials wrong", KestrelServers.Http1, new ProxyScript { Credentials = "user:secret" }, "status 407", new NetworkCredential("user", "guess")),
        Get("clear text, credentials missing", KestrelServers.Http1, new ProxyScript { Credentials = "user:secret" }, "status 407"),
        Get("clear text, refused", KestrelServers.Http1, new ProxyScript { Refuses = "403 Forbidden" }, "status 403"),
        Get("clear text, gone", KestrelServers.Http1, new ProxyScript { IsGone = true }, "HttpRequestException(ConnectionError)"),
        Get("clear text, cut", KestrelServers.Http1, new ProxyScript { Cuts = true }, "HttpRequestException(ResponseEnded)"),
        Get("clear text, bypassed by a list", KestrelServers.Http1, new ProxyScript { Bypasses = ["localhost"] }, "the quick brown fox"),
        Get("clear text, bypass list of others", KestrelServers.Http1, new ProxyScript { Bypasses = ["other"] }, "the proxy: GET http://"),
        Get("tunnel", KestrelServers.Http1Tls, new ProxyScript(), "the proxy: CONNECT SERVER"),
        Get("tunnel, used twice", KestrelServers.Http1Tls, new ProxyScript(), "the quick brown fox", times: 2),
        Get("tunnel, credentials asked for", KestrelServers.Http1Tls, new ProxyScript { Credentials = "user:secret" }, "the quick brown fox", new NetworkCredential("user", "secret")),
        Get("tunnel, credentials wrong", KestrelServers.Http1Tls, new ProxyScript { Credentials = "user:secret" }, "HttpRequestException(ProxyTunnelError", new NetworkCredential("user", "guess")),
        Get("tunnel, credentials missing", KestrelServers.Http1Tls, new ProxyScript { Credentials = "user:secret" }, "HttpRequestException(ProxyTunnelError"),
        Get("tunnel, refused", KestrelServers.Http1Tls, new ProxyScript { Refuses = "403 Forbidden" }, "HttpRequestException(ProxyTunnelError"),
        Get("tunnel, refused by 502", KestrelServers.Http1Tls, new ProxyScript { Refuses = "502 Bad Gateway" }, "HttpRequestException(ProxyTunnelError"),
        Get("tunnel, gone", KestrelServers.Http1Tls, new ProxyScript { IsGone = true }, "HttpRequestException("),
        Get("tunnel, cut", KestrelServers.Http1Tls, new ProxyScript { Cuts = true }, "HttpRequestException("),
        Get("tunnel, bypassed by a list", KestrelServers.Http1Tls, new ProxyScript { Bypasses = ["localhost"] }, "the quick brown fox"),
        Get("tunnel, HTTP/2 in it", KestrelServers.Http2, new ProxyScript(), "the proxy: CONNECT SERVER", version: HttpVersion.Version20),
        Get("HTTP/2 in clear text", KestrelServers.Http2ClearText, new ProxyScript(), "thrown", version: HttpVersion.Version20),
        Get("a proxy that is not to be used", KestrelServers.Http1, new ProxyScript(), "the quick brown fox", uses: false),
        Get("a scheme that no proxy has", KestrelServers.Http1, new ProxyScript { Scheme = "ftp" }, "NotSupportedException"),
        Post("clear text, a body", KestrelServers.Http1),
        Post("tunnel, a body", KestrelServers.Http1Tls),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Proxy_InBetween_IsUsedTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Get(
        string name, PeerFactory peer, ProxyScript script, string shows, NetworkCredential? credentials = null, int times = 1, Version? version = null, bool uses = true)
        => Through(name, peer, script, shows, credentials, version, uses, async trial =>
        {
            for (var i = 0; i < times; i++)
            {
                await trial.TryAsync("get", async () => await trial.NoteAsync(await trial.Client.GetAsync("text", trial.Token)));
            }
        });

    private static ConformanceCase Post(string name, PeerFactory peer) => Through(
        name, peer, new ProxyScript(), "body: the fox", null, null, uses: true, async trial => await trial.NoteAsync(await trial.Client.PostAsync("echo", new StringContent("the fox"))));

    private static ConformanceCase Through(
        string name, PeerFactory peer, ProxyScript script, string shows, NetworkCredential? credentials, Version? version, bool uses, Func<Trial, Task> act)
    {
        // The handler is made before there is a proxy to tell it of, so its address is put in late.
        var address = new LateProxy { Bypasses = script.Bypasses, Credentials = credentials };
        return new ConformanceCase(
            name,
            async servers =>
            {
                var proxied = new ProxiedPeer(await peer(servers), script);
                address.Address = proxied.Proxy;
                return proxied;
            },
            act,
            shows.Replace("thrown", "get: HttpRequestException", StringComparison.Ordinal))
        {
            Settings = ClientSettings.Once with
            {
                Version = version ?? HttpVersion.Version11,
                Handler = handler =>
                {
                    handler.UseProxy = uses;
                    handler.Proxy = address.Create();
                },
            },
        };
    }
}
