using System.Net;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Sending;

/// <summary>Uploads that do not go straight through: that are asked for first, answered early, cut, or fail at their source.</summary>
public class UploadTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        Expecting("expected, and asked for", "status 200", async connection =>
        {
            var head = await connection.ReceiveHeadAsync();
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await connection.ReceiveBodyAsync(head);
            await connection.SendAsync(Answer.Ok("thanks").Text);
        }),
        Expecting("expected, and refused", "status 417", async connection =>
        {
            await connection.ReceiveHeadAsync();
            await connection.SendAsync("HTTP/1.1 417 Expectation Failed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
        }),
        Expecting("expected, and answered at once", "status 413", async connection =>
        {
            await connection.ReceiveHeadAsync();
            await connection.SendAsync("HTTP/1.1 413 Too Much\r\nContent-Length: 8\r\n\r\ntoo much");
        }),
        Expecting("expected, redirected", "status 302", async connection =>
        {
            await connection.ReceiveHeadAsync();
            await connection.SendAsync("HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n");
        }),
        Expecting("expected, and closed", "thrown: HttpRequestException", async connection =>
        {
            await connection.ReceiveHeadAsync();
            connection.Close();
        }),
        Expecting("expected, asked for and closed", "thrown: HttpRequestException", async connection =>
        {
            var head = await connection.ReceiveHeadAsync();
            await connection.SendAsync("HTTP/1.1 100 Continue\r\n\r\n");
            await connection.ReceiveBodyAsync(head);
            connection.Close();
        }),
        Both("fails at once", () => new WrittenContent(null) { Fails = new InvalidOperationException("mine"), FailsAtOnce = true }, "InvalidOperationException"),
        Both("fails with an IOException at once", () => new WrittenContent(null) { Fails = new IOException("mine"), FailsAtOnce = true }, "IOException"),
        Both("fails before its first byte", () => new WrittenContent(null) { Fails = new InvalidOperationException("mine") }, "InvalidOperationException"),
        Both("fails before its first byte, late", () => new WrittenContent(null) { Fails = new InvalidOperationException("mine"), Yields = true }, "InvalidOperationException"),
        Both("fails after some bytes", () => new WrittenContent(null, "the fox") { Fails = new InvalidOperationException("mine") }, "InvalidOperationException"),
        Both("fails after some bytes with an IOException", () => new WrittenContent(null, "the fox") { Fails = new IOException("mine") }, "IOException"),
        Both("fails after all of its bytes", () => new WrittenContent(7, "the fox") { Fails = new InvalidOperationException("mine") }, "InvalidOperationException"),
        Both("a stream that fails", () => new StreamContent(new OneWayStream("the fox") { Fails = new IOException("mine") }), "IOException"),
        Both("shorter than its length", () => new WrittenContent(9, "the fox"), "HttpRequestException"),
        Both("longer than its length", () => new WrittenContent(3, "the fox"), "HttpRequestException"),
        Both("cancels itself", () => new WrittenContent(null, "the") { Fails = new OperationCanceledException("mine") }, "CanceledException"),
        Early("answered before its end, and closed", "HTTP/1.1 413 Too Much\r\nConnection: close\r\nContent-Length: 8\r\n\r\ntoo much"),
        Early("answered before its end, and kept", "HTTP/1.1 413 Too Much\r\nContent-Length: 8\r\n\r\ntoo much"),
        Early("answered before its end with success", Answer.Ok("enough").Text),
        new ConformanceCase("HTTP/2, answered before its end", KestrelServers.Http2, async trial =>
        {
            await trial.NoteAsync(await trial.Client.PostAsync("early", new ByteArrayContent(new byte[300_000])));
            await trial.ProbeAsync();
        }, "status 413") { Settings = ClientSettings.OnceHttp2 },
        Cut("closed while it is sent", static connection => connection.Reset()),
    };

    private static readonly CaseSet Retried = new()
    {
        Put("shorter than its length", static () => Length(new ByteArrayContent("the fox"u8.ToArray()), 9), "HttpRequestException"),
        Put("longer than its length", static () => Length(new ByteArrayContent("the fox"u8.ToArray()), 3), "HttpRequestException"),
        Put("a stream that fails", static () => new StreamContent(new OneWayStream("the fox") { Fails = new IOException("mine") }), "IOException"),
        Put("fails after some bytes", static () => new WrittenContent(null, "the fox") { Fails = new InvalidOperationException("mine") }, "InvalidOperationException"),
        Put("cancels itself", static () => new WrittenContent(null, "the") { Fails = new OperationCanceledException("mine") }, "CanceledException"),
    };

    public static TheoryData<string> RetriedNames => Retried.Names;

    [Theory]
    [MemberData(nameof(RetriedNames))]
    public Task Upload_ThatMayBeRepeated_IsSentAsOftenAsPlainSendsIt(string name) => Retried.CompareAsync(name, servers);

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Upload_NotStraightThrough_FaresTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Expecting(string name, string shows, Func<RawPeerConnection, Task> script) => new(
        name,
        RawPeer.Runs(script),
        async trial =>
        {
            var content = new WrittenContent(7, "the fox");
            using var request = new HttpRequestMessage(HttpMethod.Post, "it") { Content = content, Headers = { ExpectContinue = true } };
            await trial.TryAsync("post", async () => await trial.NoteAsync(await trial.Client.SendAsync(request, trial.Token)));
            trial.Note("writings", content.Writings);
        },
        shows.Replace("thrown", "post", StringComparison.Ordinal))
    {
        // Longer than any server here takes to answer.
        Settings = ClientSettings.Once with { Handler = static handler => handler.Expect100ContinueTimeout = TimeSpan.FromMinutes(1) },
    };

    private static IEnumerable<ConformanceCase> Both(string name, Func<HttpContent> create, string shows)
    {
        yield return Failing($"{name}, HTTP/1.1", RawPeer.Answers(Answer.Status("200 OK")), ClientSettings.Once, "silent", create, shows);

        // An answer that came first would be one.
        yield return Failing($"{name}, HTTP/2", KestrelServers.Http2, ClientSettings.OnceHttp2, "unseen", create, shows);
    }

    private static ConformanceCase Failing(string name, PeerFactory peer, ClientSettings settings, string path, Func<HttpContent> create, string shows) => new(
        name,
        // What arrives of it is a matter of luck; that the next request is served is not.
        peer,
        async trial =>
        {
            await trial.TryAsync("post", () => trial.Client.PostAsync(path, create(), trial.Token));
            await trial.ProbeAsync();
        },
        shows)
    {
        Settings = settings,
    };

    private static ByteArrayContent Length(ByteArrayContent content, long length)
    {
        content.Headers.ContentLength = length;
        return content;
    }

    private static ConformanceCase Put(string name, Func<HttpContent> create, string shows) => new(
        $"PUT, {name}",
        RawPeer.Runs(static async connection =>
        {
            // Each attempt has a connection of its own, which its fault ends.
            await connection.ReceiveHeadAsync();
            connection.Peer.Signal();
            await connection.WaitForEndAsync();
        }),
        async trial =>
        {
            await trial.TryAsync("put", () => trial.Client.PutAsync("it", create(), trial.Token));
            trial.Client.Dispose();
        },
        shows);

    private static ConformanceCase Early(string name, string answer) => new(
        name,
        RawPeer.Runs(async connection =>
        {
            if (connection.Number > 1)
            {
                await connection.ReceiveAsync();
                await connection.SendAsync(Answer.After.Text);
                return;
            }

            await connection.ReceiveHeadAsync();
            await connection.SendAsync(answer);
            connection.Peer.Signal();
        }),
        async trial =>
        {
            var content = new WrittenContent(null, "the") { Waits = token => ((RawPeer)trial.Peer).Signalled.WaitAsync(token) };
            using var request = new HttpRequestMessage(HttpMethod.Post, "it") { Content = content };
            using var response = await trial.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, trial.Token);
            trial.NoteHead(response);
            trial.Note("body", await response.Content.ReadAsStringAsync());
        },
        "status")
    {
        Settings = ClientSettings.Once,
    };

    private static ConformanceCase Cut(string name, Action<RawPeerConnection> cut) => new(
        name,
        RawPeer.Runs(async connection =>
        {
            await connection.ReceiveHeadAsync();
            cut(connection);
        }),
        async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "it") { Content = new StreamContent(new EndlessStream()) };
            try
            {
                await trial.Client.SendAsync(request, trial.Token);
            }
            catch (HttpRequestException exception)
            {
                // Which of the two halves of the socket sees it first is a matter of luck.
                trial.Note("thrown: HttpRequestException", exception.HttpRequestError == HttpRequestError.Unknown || exception.HttpRequestError == HttpRequestError.ResponseEnded);
            }
        },
        "thrown: HttpRequestException")
    {
        Settings = ClientSettings.Once,
    };
}
