using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Framing;

/// <summary>HTTP/1.1 answers that are broken: what is thrown, and that the connection is not used again.</summary>
public class BadlyFramedTests(KestrelServers servers)
{
    private const string Ok = "HTTP/1.1 200 OK\r\n";
    private const string Chunked = Ok + "Transfer-Encoding: chunked\r\n\r\n";

    private static readonly CaseSet Cases = new()
    {
        Both("two lengths", Ok + "Content-Length: 3\r\nContent-Length: 4\r\n\r\nabc"),
        Both("a negative length", new Answer(Ok + "Content-Length: -3\r\n\r\nabc").ThenClose()),
        Both("a length that is no number", new Answer(Ok + "Content-Length: many\r\n\r\nabc").ThenClose()),
        Both("a length beyond 64 bits", new Answer(Ok + "Content-Length: 99999999999999999999\r\n\r\nabc").ThenClose()),
        Both("closed before the length", new Answer(Ok + "Content-Length: 9\r\n\r\nabc").ThenClose()),
        Both("reset before the length", new Answer(Ok + "Content-Length: 9\r\n\r\nabc").ThenReset()),
        Both("closed with no byte of the length", new Answer(Ok + "Content-Length: 9\r\n\r\n").ThenClose()),
        Both("chunks closed within a chunk", new Answer(Chunked + "9\r\nabc").ThenClose()),
        Both("chunks reset within a chunk", new Answer(Chunked + "9\r\nabc").ThenReset()),
        Both("chunks closed within a size", new Answer(Chunked + "3\r\nabc\r\n1").ThenClose()),
        Both("chunks closed after a chunk", new Answer(Chunked + "3\r\nabc\r\n").ThenClose()),
        Both("chunks closed before the last line", new Answer(Chunked + "3\r\nabc\r\n0\r\n").ThenClose()),
        Both("chunks closed within a trailer", new Answer(Chunked + "3\r\nabc\r\n0\r\nX-Su").ThenClose()),
        Both("a chunk size that is no number", Chunked + "xyz\r\nabc\r\n0\r\n\r\n"),
        Both("a negative chunk size", Chunked + "-3\r\nabc\r\n0\r\n\r\n"),
        Both("an empty chunk size", Chunked + "\r\nabc\r\n0\r\n\r\n"),
        Both("a chunk size beyond 64 bits", Chunked + "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        Both("a chunk longer than its size", Chunked + "3\r\nabcdef\r\n0\r\n\r\n"),
        Both("a trailer without a colon", Chunked + "3\r\nabc\r\n0\r\nNonsense\r\n\r\n"),
        Both("a status line that is none", "NONSENSE\r\n\r\n"),
        Both("a status line of another protocol", "ICY 200 OK\r\n\r\n"),
        Both("a status of two digits", "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n"),
        Both("a status of letters", "HTTP/1.1 abc OK\r\nContent-Length: 0\r\n\r\n"),
        Both("HTTP/2.0 in words", "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n"),
        Both("a header without a colon", Ok + "Nonsense\r\nContent-Length: 0\r\n\r\n"),
        Both("a header without a name", Ok + ": value\r\nContent-Length: 0\r\n\r\n"),
        Both("a header name with a blank", Ok + "X Name: value\r\nContent-Length: 0\r\n\r\n"),
        Both("headers over 64 KB", Ok + $"X-Long: {new string('x', 70 * 1024)}\r\nContent-Length: 0\r\n\r\n"),
        Both("closed without a byte", new Answer("").ThenClose()),
        Both("reset without a byte", new Answer("").ThenReset()),
        Both("closed within the status line", new Answer("HTTP/1.").ThenClose()),
        Both("reset within the status line", new Answer("HTTP/1.").ThenReset()),
        Both("closed within the headers", new Answer(Ok + "Content-Le").ThenClose()),
        Both("reset within the headers", new Answer(Ok + "Content-Le").ThenReset()),
        Both("closed after a 100", new Answer("HTTP/1.1 100 Continue\r\n\r\n").ThenClose()),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Answer_BadlyFramed_FailsTheSame(string name) => Cases.CompareAsync(name, servers);

    private static IEnumerable<ConformanceCase> Both(string name, Answer answer) => Framed.Both(name, answer, "then: served", ClientSettings.Once);
}
