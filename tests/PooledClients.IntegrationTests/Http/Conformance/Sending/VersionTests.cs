using System.Net;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Sending;

/// <summary>Versions and how firmly they are asked for, of servers that speak them and of servers that do not.</summary>
public class VersionTests(KestrelServers servers)
{
    private const string Refusal = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";

    private static readonly HttpVersionPolicy[] Policies = [HttpVersionPolicy.RequestVersionExact, HttpVersionPolicy.RequestVersionOrLower, HttpVersionPolicy.RequestVersionOrHigher];

    private static readonly CaseSet Cases = new()
    {
        Policies.Select(static policy => Asked("HTTP/1.1", KestrelServers.Http1, HttpVersion.Version11, policy, "HTTP/1.1")),
        Policies.Select(static policy => Asked("HTTP/1.1 over TLS", KestrelServers.Http1Tls, HttpVersion.Version11, policy, "HTTP/1.1")),
        Policies.Select(static policy => Asked("HTTP/2", KestrelServers.Http2, HttpVersion.Version20, policy, "HTTP/2.0")),
        Asked("HTTP/2", KestrelServers.Http2, HttpVersion.Version11, HttpVersionPolicy.RequestVersionOrHigher, "HTTP/2.0"),
        Asked("HTTP/1.1", KestrelServers.Http1, HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower, "HTTP/1.1"),
        Asked("HTTP/1.1 over TLS", KestrelServers.Http1Tls, HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrLower, "HTTP/1.1"),
        Asked("HTTP/2 in clear text", KestrelServers.Http2ClearText, HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact, "HTTP/2.0"),
        Asked("HTTP/2 in clear text", KestrelServers.Http2ClearText, HttpVersion.Version20, HttpVersionPolicy.RequestVersionOrHigher, "HTTP/2.0"),
        Asked("HTTP/1.1", KestrelServers.Http1, HttpVersion.Version30, HttpVersionPolicy.RequestVersionOrLower, "HTTP/1.1"),
        Asked("HTTP/2", KestrelServers.Http2, HttpVersion.Version30, HttpVersionPolicy.RequestVersionOrLower, "HTTP/2.0"),
        Asked("HTTP/1.1", KestrelServers.Http1, HttpVersion.Version30, HttpVersionPolicy.RequestVersionExact, "get: HttpRequestException"),
        Prior("HTTP/2 alone of a clear-text server that has none", static _ => Task.CompletedTask),
        Prior("HTTP/2 alone of a clear-text server that has none, and closes", static connection =>
        {
            connection.Close();
            return Task.CompletedTask;
        }),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Version_AskedFor_IsSpokenTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Asked(string server, PeerFactory peer, Version version, HttpVersionPolicy policy, string shows) => new(
        $"{version} {policy} of {server}",
        peer,
        async trial =>
        {
            for (var i = 0; i < 2; i++)
            {
                await trial.TryAsync("get", async () => await trial.NoteAsync(await trial.Client.SendAsync(Request("text", version, policy), trial.Token)));
            }
        },
        shows)
    {
        Settings = ClientSettings.Once,
    };

    // With its retries and its breaker as they come: what is asked of a server that never had it is neither asked again nor held against it.
    private static IEnumerable<ConformanceCase> Prior(string name, Func<RawPeerConnection, Task> end)
        => new[] { HttpVersionPolicy.RequestVersionExact, HttpVersionPolicy.RequestVersionOrHigher }.Select(policy => new ConformanceCase(
            $"{name}, {policy}",
            RawPeer.Runs(async connection =>
            {
                var head = await connection.ReceiveHeadAsync();
                if (!head[0].StartsWith("PRI ", StringComparison.Ordinal))
                {
                    await connection.SendAsync(Answer.After.Text);
                    return;
                }

                // Not before the request is on its way: it would go to another connection.
                await connection.ReceiveFramesAsync();
                await connection.SendAsync(Refusal);
                await end(connection);
            }),
            async trial =>
            {
                for (var i = 0; i < 25; i++)
                {
                    await trial.TryAsync("get", () => trial.Client.SendAsync(Request("it", HttpVersion.Version20, policy), trial.Token));
                }

                await trial.ProbeAsync();
            },
            "connection 25: PRI * HTTP/2.0\nconnection 26: GET /after"));

    private static HttpRequestMessage Request(string path, Version version, HttpVersionPolicy policy) => new(HttpMethod.Get, path) { Version = version, VersionPolicy = policy };
}
