using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;
using PooledClients.TestBed.Http2;

namespace PooledClients.IntegrationTests.Http.Conformance.Frames;

/// <summary>HTTP/2 answers frame by frame: those that RFC 9113 allows, and those that it does not.</summary>
public class FrameTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        Both("no body, no length", "body: \n", static answer => answer.HeadersAsync(end: true)),
        Both("no body, length zero", "content length: 0", static answer => answer.HeadersAsync(end: true, ("content-length", "0"))),
        Both("length zero, and the end in an empty DATA", "content length: 0", static async answer =>
        {
            await answer.HeadersAsync(end: false, ("content-length", "0"));
            await answer.DataAsync("", end: true);
        }),
        Both("the end in an empty DATA", "body: \n", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("", end: true);
        }),
        Both("a body without a length", "body: abc", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: true);
        }),
        Both("a body with a length", "body: abc", static async answer =>
        {
            await answer.HeadersAsync(end: false, ("content-length", "3"));
            await answer.DataAsync("abc", end: true);
        }),
        Both("a body, and the end by itself", "body: abc", static async answer =>
        {
            await answer.HeadersAsync(end: false, ("content-length", "3"));
            await answer.DataAsync("abc", end: false);
            await answer.DataAsync("", end: true);
        }),
        Both("a body in three frames", "body: abcdefghi", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: false);
            await answer.DataAsync("def", end: false);
            await answer.DataAsync("ghi", end: true);
        }),
        Both("a body and trailers", "trailer x-sum: 42", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: false);
            await answer.TrailersAsync(("x-sum", "42"));
        }),
        Both("trailers and no body", "trailer x-sum: 42", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.TrailersAsync(("x-sum", "42"));
        }),
        Both("a body shorter than its length", "body: abc", static async answer =>
        {
            await answer.HeadersAsync(end: false, ("content-length", "9"));
            await answer.DataAsync("abc", end: true);
        }),
        Both("a body longer than its length", "abc", static async answer =>
        {
            await answer.HeadersAsync(end: false, ("content-length", "2"));
            await answer.DataAsync("abc", end: true);
        }),
        Both("padded DATA", "body: abc", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.SendAsync(FrameType.Data, FrameFlags.Padded | FrameFlags.EndStream, [4, .. "abc"u8, 0, 0, 0, 0]);
        }),
        Both("103 first", "body: abc", static async answer =>
        {
            await answer.StatusAsync("103", end: false, ("link", "</a>"));
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: true);
        }),
        Both("100 and 102 first", "body: abc", static async answer =>
        {
            await answer.StatusAsync("100", end: false);
            await answer.StatusAsync("102", end: false);
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: true);
        }),
        Both("101", "then: served", static answer => answer.StatusAsync("101", end: true)),
        Both("a final 1xx", "then: served", static answer => answer.StatusAsync("103", end: true)),
        new[] { "204", "205", "304", "404", "418", "500", "600" }.SelectMany(static status => Both($"{status}, no body", $"status {status}", answer => answer.StatusAsync(status, end: true))),
        new[] { "204", "304", "404", "503" }.SelectMany(static status => Both($"{status}, and the end in an empty DATA", $"status {status}", async answer =>
        {
            await answer.StatusAsync(status, end: false);
            await answer.DataAsync("", end: true);
        })),
        Both("404 with a body", "body: gone", static async answer =>
        {
            await answer.StatusAsync("404", end: false);
            await answer.DataAsync("gone", end: true);
        }),
        Resets("before its headers", static _ => Task.CompletedTask),
        Resets("after its headers", static answer => answer.HeadersAsync(end: false)),
        Resets("within its body", static async answer =>
        {
            await answer.HeadersAsync(end: false, ("content-length", "9"));
            await answer.DataAsync("abc", end: false);
        }),
        Both("cut before its headers", "thrown", static answer => answer.Cut()),
        Both("cut within its body", "thrown", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: false);
            await answer.Cut();
        }),
        Both("no status", "thrown", static answer => answer.SendHeadersAsync(end: true, ("x-only", "this"))),
        Both("a status that is no number", "thrown", static answer => answer.StatusAsync("abc", end: true)),
        Both("a status twice", "thrown", static answer => answer.SendHeadersAsync(end: true, (":status", "200"), (":status", "200"))),
        Both("an upper-case header", "then: served", static answer => answer.HeadersAsync(end: true, ("X-Upper", "a"))),
        Both("DATA before headers", "thrown", static answer => answer.DataAsync("abc", end: true)),
        Both("a connection header", "then: served", static answer => answer.HeadersAsync(end: true, ("connection", "close"))),
        Both("a header twice", "then: served", static answer => answer.HeadersAsync(end: true, ("x-two", "a"), ("x-two", "b"))),
        Both("headers over 64 KB", "thrown", static answer => answer.LongHeadersAsync(70)),
        Both("GOAWAY after the answer", "body: abc", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: true);
            await answer.GoAwayAsync(ErrorCode.NoError);
        }, probes: false),
        Both("GOAWAY within the body", "body: abcdef", static async answer =>
        {
            await answer.HeadersAsync(end: false);
            await answer.DataAsync("abc", end: false);
            await answer.GoAwayAsync(ErrorCode.NoError);
            await answer.DataAsync("def", end: true);
        }),
        Both("GOAWAY of a fault before the answer, and the end", "thrown", static async answer =>
        {
            await answer.GoAwayAsync(ErrorCode.ProtocolError);
            await answer.Cut();
        }),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Answer_OfFrames_ComesOutTheSame(string name) => Cases.CompareAsync(name, servers);

    private static IEnumerable<ConformanceCase> Resets(string name, Func<FrameAnswer, Task> begin)
        => new[] { ErrorCode.NoError, ErrorCode.Cancel, ErrorCode.InternalError, ErrorCode.EnhanceYourCalm }.SelectMany(code => Both($"reset by {code} {name}", "thrown", async answer =>
        {
            await begin(answer);
            await answer.ResetAsync(code);
        }));

    private static IEnumerable<ConformanceCase> Both(string name, string shows, Func<FrameAnswer, Task> answer, bool probes = true) =>
    [
        new($"{name}, buffered", FrameAnswer.First(answer), trial => BufferedAsync(trial, probes), shows) { Settings = ClientSettings.OnceHttp2 },
        new($"{name}, streamed", FrameAnswer.First(answer), trial => StreamedAsync(trial, probes), shows) { Settings = ClientSettings.OnceHttp2 },
    ];

    private static async Task BufferedAsync(Trial trial, bool probes)
    {
        try
        {
            await trial.NoteAsync(await trial.Client.GetAsync("it"));
        }
        catch (Exception exception)
        {
            trial.Note(exception);
        }

        await EndAsync(trial, probes);
    }

    private static async Task StreamedAsync(Trial trial, bool probes)
    {
        try
        {
            using var response = await trial.Client.GetAsync("it", HttpCompletionOption.ResponseHeadersRead, trial.Token);
            trial.NoteHead(response);
            await using var stream = await response.Content.ReadAsStreamAsync(trial.Token);
            using var body = new MemoryStream();

            // How much of it is read before its stream is reset is a matter of luck, with plain too.
            await stream.CopyToAsync(body, trial.Token);
            trial.Note("body", body.ToArray());
            trial.NoteTrailers(response);
        }
        catch (Exception exception)
        {
            trial.Note(exception);
        }

        await EndAsync(trial, probes);
    }

    private static Task EndAsync(Trial trial, bool probes) => probes ? trial.ProbeAsync() : Task.CompletedTask;
}
