using System.Net;
using System.Net.Http.Headers;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Redirects;

/// <summary>Redirects: which are followed, with what method, body and headers, and which are not.</summary>
public class RedirectTests(KestrelServers servers)
{
    private static readonly int[] Statuses = [300, 301, 302, 303, 304, 305, 307, 308];

    private static readonly CaseSet Cases = new()
    {
        Statuses.SelectMany(static status => new[] { "GET", "HEAD", "POST", "PUT", "DELETE" }.Select(method => Over(
            $"{status} of {method}", KestrelServers.Http1, ClientSettings.Default, $"redirect/{status}?to=text", method))),
        Statuses.Select(static status => Over($"{status} of POST, HTTP/2", KestrelServers.Http2, ClientSettings.Http2, $"redirect/{status}?to=text", "POST")),
        Over("with a fragment", KestrelServers.Http1, ClientSettings.Default, "redirect/302?to=text%23part", "GET"),
        Over("from a fragment", KestrelServers.Http1, ClientSettings.Default, "redirect/302?to=text#part", "GET"),
        Over("to nowhere", KestrelServers.Http1, ClientSettings.Default, "redirect/302", "GET"),
        Over("to an empty address", KestrelServers.Http1, ClientSettings.Default, "redirect/302?to=", "GET"),
        Over("to itself without end", KestrelServers.Http1, ClientSettings.Default, "redirect/302?to=302", "GET"),
        Over("two in a row", KestrelServers.Http1, ClientSettings.Default, "redirect/302?to=..%2Fredirect%2F307%3Fto%3D..%2Ftext", "GET"),
        Over("more than allowed", KestrelServers.Http1, ClientSettings.Default with { Handler = static handler => handler.MaxAutomaticRedirections = 1 },
            "redirect/302?to=..%2Fredirect%2F307%3Fto%3D..%2Ftext", "GET"),
        Over("none wanted", KestrelServers.Http1, ClientSettings.Default with { Handler = static handler => handler.AllowAutoRedirect = false }, "redirect/302?to=..%2Ftext", "GET"),
        Over("to another scheme", KestrelServers.Http1, ClientSettings.Default, "redirect/302?to=ftp%3A%2F%2F127.0.0.1%3A1%2F", "GET", "connection 1"),
        Over("from TLS to clear text", KestrelServers.Http1Tls, ClientSettings.Default, "redirect/302?to=http%3A%2F%2Flocalhost%2F", "GET"),
        Over("to a place where nobody is", KestrelServers.Http1, ClientSettings.Once, "redirect/302?to=http%3A%2F%2F127.0.0.1%3A1%2F", "GET", "thrown: HttpRequestException"),
        new ConformanceCase("keeps the headers of the request, and not its authorization", KestrelServers.Http1, async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "redirect/302?to=..%2Ftext");
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "abc");
            request.Headers.Add("X-Own", "mine");
            request.Headers.Add("Cookie", "a=b");
            using var response = await trial.Client.SendAsync(request);
            trial.NoteHead(response);
            trial.Note($"at {response.RequestMessage!.RequestUri!.AbsolutePath[^5..]}, authorized {response.RequestMessage.Headers.Authorization is not null}, the same request {request == response.RequestMessage}");
        }, "authorized False"),
        new ConformanceCase("keeps a default authorization", KestrelServers.Http1, async trial =>
        {
            trial.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "abc");
            await trial.NoteAsync(await trial.Client.GetAsync("redirect/302?to=..%2Ftext"));
        }, "status 200"),
        new ConformanceCase("of an upload that cannot be read twice", KestrelServers.Http1, async trial =>
        {
            using var content = new StreamContent(new Sending.OneWayStream("the fox"));
            await trial.NoteAsync(await trial.Client.PostAsync("redirect/307?to=..%2Fecho", content));
        }, "HttpRequestException") { Settings = ClientSettings.Once },
        new ConformanceCase("of an upload that is expected", KestrelServers.Http1, async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "redirect/307?to=..%2Fecho") { Content = new StringContent("the fox"), Headers = { ExpectContinue = true } };
            await trial.NoteAsync(await trial.Client.SendAsync(request));
        }, "body: the fox") { Settings = ClientSettings.Once with { Handler = static handler => handler.Expect100ContinueTimeout = TimeSpan.FromMinutes(1) } },
        new ConformanceCase("with a body of its own that is thrown away", RawPeer.Answers("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 7\r\n\r\nbe gone", Answer.Ok("here")), async trial =>
        {
            await trial.NoteAsync(await trial.Client.GetAsync("it"));
            await trial.ProbeAsync();
        }, "body: here"),
        new ConformanceCase("sent synchronously", KestrelServers.Http1, async trial =>
            await trial.NoteAsync(trial.Client.Send(new HttpRequestMessage(HttpMethod.Get, "redirect/302?to=..%2Ftext"))), "the quick brown fox"),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Redirect_Met_IsTreatedTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Over(string name, PeerFactory peer, ClientSettings settings, string path, string method, string shows = "status") => new(
        name,
        peer,
        async trial =>
        {
            using var request = new HttpRequestMessage(new HttpMethod(method), path.Replace("to=text", "to=..%2Ftext", StringComparison.Ordinal)) { Version = trial.Client.DefaultRequestVersion };
            if (method is "POST" or "PUT")
            {
                request.Content = new StringContent("the fox");
            }

            using var response = await trial.Client.SendAsync(request, trial.Token);
            await trial.NoteAsync(response);
            trial.Note($"now {request.Method}, content {request.Content is not null}, fragment {request.RequestUri!.Fragment}");
            await trial.ProbeAsync();
        },
        shows)
    {
        Settings = settings,
    };
}
