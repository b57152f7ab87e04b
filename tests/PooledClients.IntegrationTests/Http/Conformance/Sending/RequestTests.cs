using System.Net;
using System.Net.Http.Headers;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Sending;

/// <summary>Methods, addresses, headers and versions of requests, good and bad.</summary>
public class RequestTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        new[] { "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "HEAD", "get", "PROPFIND", "X-Own" }.Select(method => Sent($"method {method}", () => new HttpRequestMessage(new HttpMethod(method), "it"))),
        new[] { "GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "QUERY", "X-Own" }
            .Select(method => Sent($"method {method} with a body", () => new HttpRequestMessage(new HttpMethod(method), "it") { Content = new StringContent("the fox") })),
        Sent("method CONNECT", () => new HttpRequestMessage(HttpMethod.Connect, "it"), shows: ""),
        Sent("a query", () => new HttpRequestMessage(HttpMethod.Get, "it?a=b&c=%20d")),
        Sent("a fragment", () => new HttpRequestMessage(HttpMethod.Get, "it#part")),
        Sent("an escaped path", () => new HttpRequestMessage(HttpMethod.Get, "a%2Fb c/\u00e9")),
        Sent("dots in a path", () => new HttpRequestMessage(HttpMethod.Get, "a/../b/./c")),
        Sent("no address", () => new HttpRequestMessage(HttpMethod.Get, (Uri?)null)),
        Sent("a host of its own", () => new HttpRequestMessage(HttpMethod.Get, "it") { Headers = { Host = "other.test:81" } }),
        Sent("connection close", () => new HttpRequestMessage(HttpMethod.Get, "it") { Headers = { ConnectionClose = true } }),
        Sent("headers of each kind", () => new HttpRequestMessage(HttpMethod.Get, "it")
        {
            Headers =
            {
                { "Accept", ["a/b", "c/d; q=0.5"] }, { "User-Agent", "fox/1.0 (quick)" }, { "X-Empty", "" }, { "X-Two", ["a", "b"] }, { "If-None-Match", "\"a\"" },
                { "Range", "bytes=0-2" }, { "Cookie", "a=b; c=d" }, { "Authorization", "Bearer abc" }, { "Date", "Fri, 27 Nov 2026 08:00:00 GMT" }, { "Referer", "http://other.test/" },
            },
        }),
        Sent("a header not validated", () => With("User-Agent", "((( not valid")),
        Sent("a header with a line end", () => With("X-Bad", "a\r\nX-Other: b"), shows: ""),
        Sent("a header with bytes above ASCII", () => With("X-Name", "caf\u00e9"), shows: "HttpRequestException"),
        Sent("HTTP/1.0", () => new HttpRequestMessage(HttpMethod.Get, "it") { Version = HttpVersion.Version10 }),
        Sent("HTTP/0.9", () => new HttpRequestMessage(HttpMethod.Get, "it") { Version = new Version(0, 9) }, shows: "thrown"),
        Sent("HTTP/2 or lower", () => new HttpRequestMessage(HttpMethod.Get, "it") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionOrLower }),
        Sent("HTTP/1.1 or higher", () => new HttpRequestMessage(HttpMethod.Get, "it") { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionOrHigher }),
        Sent("chunks asked for", () => new HttpRequestMessage(HttpMethod.Post, "it") { Headers = { TransferEncodingChunked = true }, Content = new StringContent("the fox") }),
        Sent("chunks refused", () => new HttpRequestMessage(HttpMethod.Post, "it") { Headers = { TransferEncodingChunked = false }, Content = new WrittenContent(null, "the fox") }, shows: ""),
        Sent("chunks asked for without content", () => new HttpRequestMessage(HttpMethod.Post, "it") { Headers = { TransferEncodingChunked = true } }, shows: ""),
        Sent("HTTP/1.0 with content of unknown length", () => new HttpRequestMessage(HttpMethod.Post, "it") { Version = HttpVersion.Version10, Content = new WrittenContent(null, "the fox") }, shows: ""),
        Sent("an upgrade asked for and not given", () => new HttpRequestMessage(HttpMethod.Get, "it") { Headers = { { "Connection", "Upgrade" }, { "Upgrade", "other" } } }),
        Sent("another scheme", () => new HttpRequestMessage(HttpMethod.Get, "ftp://localhost/it"), shows: "thrown"),
        Sent("no server there", () => new HttpRequestMessage(HttpMethod.Get, new Uri("http://127.0.0.1:1/")), "thrown: HttpRequestException(ConnectionError)"),
        Sent("clear text to a server of TLS", () => new HttpRequestMessage(HttpMethod.Get, "it"), "thrown: HttpRequestException", RawPeer.AnswersOverTls(), trial => trial.Client.BaseAddress = new UriBuilder(trial.Peer.Address) { Scheme = "http" }.Uri),
        new ConformanceCase("no base address", RawPeer.Answers(), async trial =>
        {
            trial.Client.BaseAddress = null;
            await trial.Client.GetAsync("it");
        }, "InvalidOperationException"),
        new ConformanceCase("no request", RawPeer.Answers(), trial => trial.Client.SendAsync(null!), "ArgumentNullException"),
        new ConformanceCase("one request twice", RawPeer.Answers(), async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "it");
            await trial.NoteAsync(await trial.Client.SendAsync(request));
            await trial.NoteAsync(await trial.Client.SendAsync(request));
        }, "InvalidOperationException"),
        new ConformanceCase("one content twice", RawPeer.Answers(), async trial =>
        {
            using var content = new StringContent("the fox");
            await trial.NoteAsync(await trial.Client.PostAsync("it", content));
            await trial.NoteAsync(await trial.Client.PostAsync("it", content));
        }, "connection 1: body the fox\nconnection 1: POST"),
        new ConformanceCase("a stream's content twice", RawPeer.Answers(), async trial =>
        {
            using var content = new StreamContent(new OneWayStream("the fox"));
            await trial.NoteAsync(await trial.Client.PostAsync("it", content));
            await trial.TryAsync("again", () => trial.Client.PostAsync("it", content));
        }, "HttpRequestException(Unknown) < InvalidOperationException"),
        new ConformanceCase("content that is disposed", RawPeer.Answers(), async trial =>
        {
            var content = new StringContent("the fox");
            content.Dispose();
            await trial.Client.PostAsync("it", content);
        }, "ObjectDisposedException"),
        new ConformanceCase("the request of the response is the one that was sent", RawPeer.Answers(), async trial =>
        {
            using var content = new StringContent("the fox");
            using var request = new HttpRequestMessage(HttpMethod.Post, "it") { Content = content };
            using var response = await trial.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            trial.Note($"request {response.RequestMessage == request}, content {request.Content == content}, at {request.RequestUri!.AbsolutePath}, {request.Content.Headers}");
        }, "request True, content True"),
        new ConformanceCase("what is disposed with the request", RawPeer.Answers(), async trial =>
        {
            var stream = new OneWayStream("the fox");
            var request = new HttpRequestMessage(HttpMethod.Post, "it") { Content = new StreamContent(stream) };
            await trial.NoteAsync(await trial.Client.SendAsync(request));
            trial.Note("after the answer", stream.IsDisposed);
            request.Dispose();
            trial.Note("after the request", stream.IsDisposed);
        }, "after the request: True"),
        new ConformanceCase("default headers", RawPeer.Answers(), async trial =>
        {
            trial.Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", "abc");
            trial.Client.DefaultRequestHeaders.Add("X-Own", "default");
            using var request = new HttpRequestMessage(HttpMethod.Get, "it") { Headers = { { "X-Own", "mine" } } };
            await trial.NoteAsync(await trial.Client.SendAsync(request));
        }, "Bearer abc"),
        new ConformanceCase("HTTP/2, headers over the server's limit", KestrelServers.Http2, async trial =>
        {
            // Which the client knows once the server has answered.
            await trial.NoteAsync(await trial.Client.GetAsync("text"));
            using var request = new HttpRequestMessage(HttpMethod.Get, "text") { Version = HttpVersion.Version20 };
            request.Headers.Add("X-Long", new string('x', 40 * 1024));
            await trial.TryAsync("get", async () => await trial.NoteAsync(await trial.Client.SendAsync(request)));
            await trial.ProbeAsync();
        }, "get: HttpRequestException") { Settings = ClientSettings.Http2 },
        new ConformanceCase("no success, and read all the same", RawPeer.Answers("HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone"), async trial =>
        {
            using var response = await trial.Client.GetAsync("it", HttpCompletionOption.ResponseHeadersRead);
            trial.Try("EnsureSuccessStatusCode", () => response.EnsureSuccessStatusCode());
            trial.Note("body", await response.Content.ReadAsStringAsync());
            await trial.ProbeAsync();
        }, "body: gone"),
        Sent("a server by its number", () => new HttpRequestMessage(HttpMethod.Get, "it"), prepare: static trial => trial.Client.BaseAddress = new UriBuilder(trial.Peer.Address) { Host = "127.0.0.1" }.Uri),
        Sent("a server by its name in capitals", () => new HttpRequestMessage(HttpMethod.Get, "it"), prepare: static trial => trial.Client.BaseAddress = new Uri(trial.Peer.Address.ToString().Replace("localhost", "LOCALHOST", StringComparison.Ordinal))),
        new ConformanceCase("HTTP/2 sent synchronously", KestrelServers.Http2, trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "text") { Version = HttpVersion.Version20 };
            using var response = trial.Client.Send(request);
            return Task.CompletedTask;
        }, "NotSupportedException") { Settings = ClientSettings.Http2 },
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Request_GoodOrBad_FaresTheSame(string name) => Cases.CompareAsync(name, servers);

    private static HttpRequestMessage With(string name, string value)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, "it");
        request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static ConformanceCase Sent(string name, Func<HttpRequestMessage> create, string shows = "status 200", PeerFactory? peer = null, Action<Trial>? prepare = null) => new(
        name,
        peer ?? RawPeer.Answers(Answer.Status("200 OK")),
        async trial =>
        {
            prepare?.Invoke(trial);
            using var request = create();
            await trial.NoteAsync(await trial.Client.SendAsync(request));
            await trial.ProbeAsync();
        },
        shows)
    {
        Settings = ClientSettings.Once,
    };
}
