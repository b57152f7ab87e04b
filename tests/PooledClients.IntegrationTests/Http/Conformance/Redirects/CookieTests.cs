using System.Net;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Redirects;

/// <summary>Cookies, where the handler is told to keep them, and where it is not.</summary>
public class CookieTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        Twice("not kept", "Set-Cookie: a=b", uses: false),
        Twice("kept", "Set-Cookie: a=b", "Cookie: a=b"),
        Twice("kept, with attributes", "Set-Cookie: a=b; Path=/; HttpOnly; SameSite=Lax", "Cookie: a=b"),
        Twice("two kept", "Set-Cookie: a=b\r\nSet-Cookie: c=d", "Cookie: a=b; c=d"),
        Twice("for another path", "Set-Cookie: a=b; Path=/other"),
        Twice("for another domain", "Set-Cookie: a=b; Domain=other.test"),
        Twice("for TLS alone", "Set-Cookie: a=b; Secure"),
        Twice("over already", "Set-Cookie: a=b; Max-Age=0"),
        Twice("broken", "Set-Cookie: ;;=;"),
        new ConformanceCase("of a redirect", RawPeer.Answers(Answer.Status("302 Found", "Set-Cookie: a=b\r\nLocation: /other\r\n"), Answer.Ok("here")), async trial =>
            await trial.NoteAsync(await trial.Client.GetAsync("it")), "Cookie: a=b") { Settings = Kept },
        new ConformanceCase("beside one of the request's own", RawPeer.Answers(), async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "it") { Headers = { { "Cookie", "c=d" } } };
            await trial.NoteAsync(await trial.Client.SendAsync(request));
        }, "Cookie: c=d; a=b")
        {
            Settings = ClientSettings.Default with
            {
                Handler = static handler =>
                {
                    handler.UseCookies = true;
                    handler.CookieContainer = new CookieContainer();
                    handler.CookieContainer.Add(new Cookie("a", "b", "/", "localhost"));
                },
            },
        },
        new ConformanceCase("kept over HTTP/2", KestrelServers.Http2, async trial =>
        {
            await trial.NoteAsync(await trial.Client.GetAsync("cookie"));
            await trial.NoteAsync(await trial.Client.GetAsync("text"));
        }, "Cookie: taste=sweet") { Settings = Kept with { Version = HttpVersion.Version20 } },
    };

    public static TheoryData<string> Names => Cases.Names;

    private static ClientSettings Kept => ClientSettings.Default with { Handler = static handler => handler.UseCookies = true };

    [Theory]
    [MemberData(nameof(Names))]
    public Task Cookie_Set_IsSentTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Twice(string name, string header, string shows = "connection 1: GET /after", bool uses = true) => new(
        name,
        RawPeer.Answers(Answer.Ok("abc", header + "\r\n")),
        async trial =>
        {
            await trial.NoteAsync(await trial.Client.GetAsync("it"));
            await trial.ProbeAsync();
        },
        shows)
    {
        Settings = uses ? Kept : ClientSettings.Default,
    };
}
