using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Ending;

/// <summary>A server that ends a connection that was in use before: idle, as the next request arrives, and within its answer.</summary>
public class ServerEndingTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        new[] { "GET", "HEAD", "PUT", "DELETE", "POST" }.SelectMany(static method => new[] { false, true }.SelectMany(body => new[] { AnswerEnd.Close, AnswerEnd.Reset }

            // A plain client sends such a POST twice: a difference with a row of its own.
            .Where(end => body || method != "POST" || end == AnswerEnd.Reset)
            .Select(end => Reused($"{end} as {method}{(body ? " with a body" : "")} arrives again", method, body, end)))),
        Idle("closed while nobody asks"),
        Kestrel("aborted before the headers", "abort", "HttpRequestException"),
        Kestrel("aborted within the body", "abort-body", "HttpRequestException"),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Server_EndingAConnection_IsTakenTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Reused(string name, string method, bool body, AnswerEnd end) => new(
        name,
        RawPeer.Runs(async connection =>
        {
            await connection.ReceiveAsync();
            await connection.SendAsync(Answer.Ok("first").Text);
            await connection.ReceiveAsync();
            End(connection, end);
        }),
        async trial =>
        {
            await trial.ProbeAsync();
            using var request = new HttpRequestMessage(new HttpMethod(method), "it") { Content = body ? new StringContent("the fox") : null };
            await trial.TryAsync("again", async () => await trial.NoteAsync(await trial.Client.SendAsync(request, trial.Token)));
        },
        "again: ")
    {
        Settings = ClientSettings.Once,
    };

    private static ConformanceCase Idle(string name) => new(
        name,
        RawPeer.Runs(async connection =>
        {
            await connection.ReceiveAsync();
            await connection.SendAsync(Answer.Ok("first").Text);
            if (connection.Number == 1)
            {
                await connection.Peer.Signalled;
                connection.Close();
            }
        }),
        async trial =>
        {
            await trial.ProbeAsync();
            ((RawPeer)trial.Peer).Signal();

            // Whether the client has seen the end or sends into it, the answer comes over another connection.
            await trial.ProbeAsync();
        },
        "connection 2: GET /after")
    {
        Settings = ClientSettings.Once,
    };

    private static IEnumerable<ConformanceCase> Kestrel(string name, string path, string shows)
    {
        foreach (var (protocol, peer, settings) in new[] { ("HTTP/1.1", KestrelServers.Http1, ClientSettings.Once), ("HTTP/1.1 over TLS", KestrelServers.Http1Tls, ClientSettings.Once), ("HTTP/2", KestrelServers.Http2, ClientSettings.OnceHttp2) })
        {
            yield return new ConformanceCase($"{name}, {protocol}", peer, async trial =>
            {
                await trial.TryAsync("get", () => trial.Client.GetStringAsync(path, trial.Token));
                await trial.ProbeAsync();
            }, shows)
            { Settings = settings };
        }
    }

    private static void End(RawPeerConnection connection, AnswerEnd end)
    {
        if (end == AnswerEnd.Reset)
        {
            connection.Reset();
        }
        else
        {
            connection.Close();
        }
    }
}
