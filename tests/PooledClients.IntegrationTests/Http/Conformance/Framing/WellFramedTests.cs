using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Framing;

/// <summary>HTTP/1.1 answers that RFC 9112 allows, and some that clients have to put up with.</summary>
public class WellFramedTests(KestrelServers servers)
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Chunked = Ok + "Transfer-Encoding: chunked\r\n\r\n";

    private static readonly CaseSet Cases = new()
    {
        Both("length", Answer.Ok("abc"), "body: abc"),
        Both("length zero", Answer.Status("200 OK"), "content length: 0"),
        Both("length given twice alike", Ok + "Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        Both("length with blanks around", Ok + "Content-Length:   3  \r\n\r\nabc", "body: abc"),
        Both("length with lower-case name", Ok + "content-length: 3\r\n\r\nabc", "body: abc"),
        Both("length and connection close", Ok + "Connection: close\r\nContent-Length: 3\r\n\r\nabc", "connection 2"),
        Both("length and more bytes than it", Ok + "Content-Length: 3\r\n\r\nabcdef", "body: abc"),
        Both("chunked, one chunk", Answer.Chunked("abc"), "body: abc"),
        Both("chunked, many chunks", Answer.Chunked("a", "bcd", "efghijklmnopqrstuvwxyz"), "body: abcdefghijklmnopqrstuvwxyz"),
        Both("chunked, no chunk", Answer.Chunked(), "body: \n"),
        Both("chunked, with extensions", Chunked + "3;name=value;flag\r\nabc\r\n0;last\r\n\r\n", "body: abc"),
        Both("chunked, with trailers", Chunked + "3\r\nabc\r\n0\r\nX-Sum: 42\r\nX-Other: a b\r\n\r\n", "trailer X-Sum: 42"),
        Both("chunked, upper-case size with zeros in front", Chunked + "00A\r\n0123456789\r\n0\r\n\r\n", "body: 0123456789"),
        Both("chunked, size followed by blanks", Chunked + "3  \r\nabc\r\n0\r\n\r\n", "body: abc"),
        Both("chunked, several zeros as the last size", Chunked + "3\r\nabc\r\n000\r\n\r\n", "body: abc"),
        Both("chunked and connection close", Ok + "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "connection 2"),
        Both("chunked beside a length", Ok + "Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "body: abc"),
        Both("chunked beside length zero", Ok + "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "body: abc"),
        Both("chunked in capitals", Ok + "Transfer-Encoding: Chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "body: abc"),
        Both("transfer encodings other than chunked, and the close", new Answer(Ok + "Transfer-Encoding: identity\r\n\r\nabc").ThenClose(), "body: abc"),
        Both("close-delimited", new Answer(Ok + "\r\nabc").ThenClose(), "body: abc"),
        Both("close-delimited and empty", new Answer(Ok + "\r\n").ThenClose(), "body: \n"),
        Both("HTTP/1.0, close-delimited", new Answer("HTTP/1.0 200 OK\r\n\r\nabc").ThenClose(), "HTTP/1.0"),
        Both("HTTP/1.0, length", new Answer("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc").ThenClose(), "body: abc"),
        Both("HTTP/1.0, length and keep-alive", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        Both("204", "HTTP/1.1 204 No Content\r\n\r\n", "status 204"),
        Both("204 with length zero", Answer.Status("204 No Content"), "status 204"),
        Both("205", Answer.Status("205 Reset Content"), "status 205"),
        Both("206 with a range", "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-2/9\r\nContent-Length: 3\r\n\r\nabc", "Content-Range: bytes 0-2/9"),
        Both("304", "HTTP/1.1 304 Not Modified\r\nETag: \"a\"\r\n\r\n", "status 304"),
        Both("304 with the length of what it stands for", "HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n", "status 304"),
        Both("404 with a body", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", "body: gone"),
        Both("600", Answer.Status("600 Strange"), "status 600"),
        Both("999", Answer.Status("999 Stranger"), "status 999"),
        Both("no reason", "HTTP/1.1 200\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        Both("a reason of several words", Answer.Status("200 All is well"), "All is well"),
        Both("100 first", "HTTP/1.1 100 Continue\r\n\r\n" + Answer.Ok("abc").Text, "body: abc"),
        Both("102 and 103 first", "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + Answer.Ok("abc").Text, "body: abc"),
        Both("100 with headers first", "HTTP/1.1 100 Continue\r\nX-Early: yes\r\n\r\n" + Answer.Ok("abc").Text, "body: abc"),
        Both("101 that nobody asked for", new Answer("HTTP/1.1 101 Switching Protocols\r\nUpgrade: other\r\nConnection: Upgrade\r\n\r\nabc").ThenClose(), "status 101"),
        Both("line ends without CR", "HTTP/1.1 200 OK\nContent-Length: 3\n\nabc", "body: abc"),
        Both("a folded header", Ok + "X-Long: one\r\n two\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        Both("a header with bytes above ASCII", Ok + "X-Name: caf\u00e9\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        Both("a header without a value", Ok + "X-Empty:\r\nContent-Length: 3\r\n\r\nabc", "header X-Empty: "),
        Both("a header given twice", Ok + "X-Two: a\r\nX-Two: b\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        Both("many content headers", Ok + "Content-Type: a/b\r\nContent-Language: en\r\nLast-Modified: yes\r\nExpires: 0\r\nAllow: GET\r\nContent-Length: 3\r\n\r\nabc", "Content-Language: en"),
        Both("a content type twice", Ok + "Content-Type: a/b\r\nContent-Type: c/d\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        Both("a hundred headers", Ok + string.Concat(Enumerable.Range(0, 100).Select(static i => $"X-{i}: {i}\r\n")) + "Content-Length: 3\r\n\r\nabc", "X-99: 99"),
        Both("headers of 60 KB", Ok + $"X-Long: {new string('x', 60 * 1024)}\r\nContent-Length: 3\r\n\r\nabc", "body: abc"),
        HeadOnly("HEAD with a length", Ok + "Content-Length: 9\r\n\r\n", "content length: 9"),
        HeadOnly("HEAD of chunks", Ok + "Transfer-Encoding: chunked\r\n\r\n", "status 200"),
        HeadOnly("HEAD without a length", Ok + "\r\n", "status 200"),
        HeadOnly("HEAD and 404", "HTTP/1.1 404 Not Found\r\nContent-Length: 9\r\n\r\n", "status 404"),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Answer_WellFramed_ComesOutTheSame(string name) => Cases.CompareAsync(name, servers);

    private static IEnumerable<ConformanceCase> Both(string name, Answer answer, string shows) => Framed.Both(name, answer, shows, ClientSettings.Default);

    private static ConformanceCase HeadOnly(string name, Answer answer, string shows) => new(
        name,
        RawPeer.Answers(answer),
        async trial =>
        {
            await trial.NoteAsync(await trial.Client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "it")));
            await trial.ProbeAsync();
        },
        shows);
}
