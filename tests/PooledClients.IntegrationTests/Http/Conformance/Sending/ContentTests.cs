using System.Net.Http.Json;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Sending;

/// <summary>Each kind of content, as it arrives: framing, headers, bytes.</summary>
public class ContentTests(KestrelServers servers)
{
    private static readonly (string Name, Func<HttpContent?> Create)[] Kinds =
    [
        ("no content", static () => null),
        ("empty bytes", static () => new ByteArrayContent([])),
        ("bytes", static () => new ByteArrayContent(Encoding.ASCII.GetBytes("the fox"))),
        ("a part of bytes", static () => new ByteArrayContent(Encoding.ASCII.GetBytes("the fox"), 4, 3)),
        ("memory", static () => new ReadOnlyMemoryContent(Encoding.ASCII.GetBytes("the fox"))),
        ("many bytes", static () => new ByteArrayContent(new byte[200_000])),
        ("a string", static () => new StringContent("caf\u00e9")),
        ("an empty string", static () => new StringContent("")),
        ("a string in UTF-16", static () => new StringContent("caf\u00e9", Encoding.Unicode, "text/html")),
        ("a form", static () => new FormUrlEncodedContent([new("a", "1"), new("b", "x y&z")])),
        ("JSON", static () => JsonContent.Create(new { name = "fox", size = 19 })),
        ("a sequence as JSON", static () => JsonContent.Create(Sequence())),
        ("multipart", static () => new MultipartContent("mixed", "cut") { new StringContent("one"), new ByteArrayContent([2]) }),
        ("a multipart form", static () => new MultipartFormDataContent("cut") { { new StringContent("one"), "a" }, { new ByteArrayContent([2]), "b", "b.bin" } }),
        ("multipart with a stream", static () => new MultipartFormDataContent("cut") { { new StreamContent(new OneWayStream("the fox")), "a", "a.txt" } }),
        ("a stream", static () => new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes("the fox")))),
        ("a stream from its middle", static () => new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes("the fox")) { Position = 4 })),
        ("a stream that cannot seek", static () => new StreamContent(new OneWayStream("the fox"))),
        ("an empty stream that cannot seek", static () => new StreamContent(new OneWayStream(""))),
        ("a stream with a length of its own", static () => new StreamContent(new OneWayStream("the fox")) { Headers = { ContentLength = 7 } }),
        ("content of its own type", static () => new WrittenContent(null, "the", " ", "fox")),
        ("content of its own type with a length", static () => new WrittenContent(7, "the", " ", "fox")),
        ("content of its own type, empty", static () => new WrittenContent(null)),
        ("content of its own type, written late", static () => new WrittenContent(null, "the", " ", "fox") { Yields = true }),
        ("content with headers of its own", static () => new StringContent("the fox") { Headers = { { "Content-Language", "en" }, { "X-Mine", ["a", "b"] }, { "Content-Location", "/fox" } } }),
        ("content without a type", static () => new StringContent("the fox") { Headers = { ContentType = null } }),
    ];

    private static readonly CaseSet Cases = new()
    {
        Kinds.Select(kind => Post(kind.Name, "HTTP/1.1", Echo(tls: false), ClientSettings.Default, kind.Create)),
        Kinds.Select(kind => Post(kind.Name, "HTTP/1.1 over TLS", Echo(tls: true), ClientSettings.Default, kind.Create)),
        Kinds.Select(kind => Post(kind.Name, "HTTP/2", KestrelServers.Http2, ClientSettings.Http2, kind.Create)),
        Kinds.Select(kind => Post(kind.Name, "HTTP/2 in clear text", KestrelServers.Http2ClearText, ClientSettings.Http2, kind.Create)),
        Kinds.Select(kind => Send(kind.Name, kind.Create)),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Content_Posted_ArrivesTheSame(string name) => Cases.CompareAsync(name, servers);

    private static PeerFactory Echo(bool tls) => tls ? RawPeer.AnswersOverTls(Answer.Ok("thanks")) : RawPeer.Answers(Answer.Ok("thanks"));

    private static ConformanceCase Post(string name, string protocol, PeerFactory peer, ClientSettings settings, Func<HttpContent?> create) => new(
        $"{name}, {protocol}",
        peer,
        async trial =>
        {
            using var content = create();
            await trial.NoteAsync(await trial.Client.PostAsync("echo", content, trial.Token));
            trial.Note("length now", content?.Headers.ContentLength);
            await trial.ProbeAsync();
        },
        "status 200")
    {
        Settings = settings,
    };

    private static ConformanceCase Send(string name, Func<HttpContent?> create) => new(
        $"{name}, sent synchronously",
        Echo(tls: false),
        async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "echo") { Content = create() };
            await trial.NoteAsync(trial.Client.Send(request, trial.Token));
            trial.Note("content is still its own", request.Content?.GetType().Name);
            await trial.ProbeAsync();
        },
        name.StartsWith("a sequence", StringComparison.Ordinal) ? "NotSupportedException" : "status 200");

    private static async IAsyncEnumerable<int> Sequence()
    {
        for (var i = 0; i < 3; i++)
        {
            await Task.Yield();
            yield return i;
        }
    }
}
