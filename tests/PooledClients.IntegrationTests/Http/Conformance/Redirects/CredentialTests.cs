using System.Net;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Redirects;

/// <summary>Credentials that the handler gives when it is asked for them.</summary>
public class CredentialTests(KestrelServers servers)
{
    private static readonly NetworkCredential Right = new("user", "secret");

    private static readonly CaseSet Cases = new()
    {
        Get("none", null, "status 401"),
        Get("right", Right, "status 200"),
        Get("wrong", new NetworkCredential("user", "guess"), "status 401"),
        Get("for another server", new CredentialCache { { new Uri("http://other.test/"), "Basic", Right } }, "status 401"),
        Get("given twice", Right, "status 200", times: 2),
        Get("given before they are asked for", Right, "status 200", times: 2, before: true),
        Get("right, with a body", Right, "status 200", content: static () => new StringContent("the fox")),
        Get("right, with a body that cannot be read twice", Right, "thrown", content: static () => new StreamContent(new Sending.OneWayStream("the fox"))),
        Get("digest", Right, "status 200", times: 2, path: "digest"),
        Get("digest, given before it is asked for", Right, "status 200", times: 2, before: true, path: "digest"),
        Get("digest, wrong", new NetworkCredential("other", "secret"), "status 401", path: "digest"),
        new ConformanceCase("right, HTTP/2", KestrelServers.Http2, GetAsync, "status 200") { Settings = ClientSettings.Http2 with { Handler = static handler => handler.Credentials = Right } },
        new ConformanceCase("right, sent synchronously", KestrelServers.Http1, async trial => await trial.NoteAsync(trial.Client.Send(new HttpRequestMessage(HttpMethod.Get, "basic"))), "status 200")
        {
            Settings = ClientSettings.Default with { Handler = static handler => handler.Credentials = Right },
        },
        new ConformanceCase("a scheme that nobody knows", RawPeer.Answers(Answer.Status("401 Unauthorized", "WWW-Authenticate: Riddle\r\n")), GetAsync, "status 401")
        {
            Settings = ClientSettings.Default with { Handler = static handler => handler.Credentials = Right },
        },
        new ConformanceCase("401 that closes", RawPeer.Answers(Answer.Status("401 Unauthorized", "WWW-Authenticate: Basic realm=\"a\"\r\nConnection: close\r\n").ThenClose()), GetAsync, "connection 2")
        {
            Settings = ClientSettings.Default with { Handler = static handler => handler.Credentials = Right },
        },
        new ConformanceCase("401 with a long body", RawPeer.Answers($"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"a\"\r\nContent-Length: 5000\r\n\r\n{new string('x', 5000)}"), GetAsync, "status 200")
        {
            Settings = ClientSettings.Default with { Handler = static handler => handler.Credentials = Right },
        },
        new ConformanceCase("in the address", KestrelServers.Http1, async trial =>
        {
            var address = new UriBuilder(new Uri(trial.Peer.Address, "basic")) { UserName = "user", Password = "secret" }.Uri;
            await trial.NoteAsync(await trial.Client.GetAsync(address));
        }, "status 401"),
        Asked("NTLM", "connection 1", Challenge("NTLM")),
        Asked("Negotiate", "connection 1", Challenge("Negotiate")),
        Asked("Negotiate, NTLM and Basic", "connection 1", Challenge("Negotiate", "NTLM", "Basic realm=\"a\"")),
        Asked("Bearer and Basic", "Authorization: Basic", Challenge("Bearer realm=\"a\"", "Basic realm=\"a\"")),
        Asked("Basic without a realm", "connection 1", Challenge("Basic")),
        Asked("an algorithm of Digest that nobody knows", "status 401", Challenge("Digest realm=\"a\", nonce=\"b\", algorithm=OTHER")),
        Asked("Basic, and once more", "connection 1: GET /it", Challenge("Basic realm=\"a\""), Challenge("Basic realm=\"a\"")),
        Asked("Basic after a redirect", "status 200", Answer.Status("302 Found", "Location: /other\r\n"), Challenge("Basic realm=\"a\"")),
        Asked("Basic, and then a redirect", "status 200", Challenge("Basic realm=\"a\""), Answer.Status("302 Found", "Location: /other\r\n")),
        Asked("nothing: a challenge without a scheme", "connection 1", Answer.Status("401 Unauthorized", "WWW-Authenticate: \r\n")),
        Asked("nothing: 401 without a challenge", "status 401", Answer.Status("401 Unauthorized")),
        new ConformanceCase("a bearer that is refused", RawPeer.Answers(Answer.Status("401 Unauthorized", "WWW-Authenticate: Bearer error=\"invalid_token\"\r\n")), async trial =>
        {
            trial.Client.DefaultRequestHeaders.Authorization = new("Bearer", "abc");
            await trial.NoteAsync(await trial.Client.GetAsync("it"));
        }, "status 401"),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Credentials_AskedFor_AreGivenTheSame(string name) => Cases.CompareAsync(name, servers);

    private static Answer Challenge(params string[] schemes) => Answer.Status("401 Unauthorized", string.Concat(schemes.Select(static scheme => $"WWW-Authenticate: {scheme}\r\n")));

    // With retries as they come: what a login comes to is the caller's own.
    private static ConformanceCase Asked(string scheme, string shows, params Answer[] answers) => new($"asked for {scheme}", RawPeer.Answers(answers), static async trial =>
    {
        await trial.TryAsync("get", async () => await trial.NoteAsync(await trial.Client.GetAsync("it", trial.Token)));
        await trial.TryAsync("get again", async () => await trial.NoteAsync(await trial.Client.GetAsync("it", trial.Token)));
    }, shows)
    {
        Settings = ClientSettings.Default with { Handler = static handler => handler.Credentials = Right },
    };

    private static Task GetAsync(Trial trial) => GetAsync(trial, 1, null);

    private static async Task GetAsync(Trial trial, int times, Func<HttpContent>? content, string path = "basic")
    {
        for (var i = 0; i < times; i++)
        {
            using var request = new HttpRequestMessage(content is null ? HttpMethod.Get : HttpMethod.Post, path) { Content = content?.Invoke(), Version = trial.Client.DefaultRequestVersion };
            await trial.NoteAsync(await trial.Client.SendAsync(request));
        }
    }

    private static ConformanceCase Get(string name, ICredentials? credentials, string shows, int times = 1, bool before = false, Func<HttpContent>? content = null, string path = "basic")
        => new(name, KestrelServers.Http1, trial => GetAsync(trial, times, content, path), shows)
        {
            Settings = ClientSettings.Once with
            {
                Handler = handler =>
                {
                    handler.Credentials = credentials;
                    handler.PreAuthenticate = before;
                },
            },
        };
}
