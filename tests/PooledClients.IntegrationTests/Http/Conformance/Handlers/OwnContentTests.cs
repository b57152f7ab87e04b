using System.Net;
using System.Net.Http.Json;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Handlers;

/// <summary>Contents that a handler makes: they are read as often, and in as many ways, as they allow by themselves.</summary>
public class OwnContentTests(KestrelServers servers)
{
    private static readonly (string Name, string Shows, Func<HttpContent?> Make)[] Contents =
    [
        ("none", "", static () => null),
        ("bytes", "mine", static () => new ByteArrayContent("mine"u8.ToArray())),
        ("a seekable stream", "mine", static () => new StreamContent(new MemoryStream("mine"u8.ToArray()))),
        ("a stream that is read once", "mine", static () => new StreamContent(new BufferedStream(new OnceStream("mine"u8.ToArray())))),
        ("JSON", "mine", static () => JsonContent.Create(new { name = "mine" })),
        ("parts", "first: ", static () => new MultipartContent("mixed", "limit") { new StringContent("mine") }),
        ("a part that is written asynchronously alone", "first: ", static () => new MultipartContent("mixed", "limit") { new OwnContent("mine") }),
        ("its own type", "first: ", static () => new OwnContent("mine")),
    ];

    private static readonly (string Name, Func<Trial, HttpResponseMessage, Task> Read)[] Ways =
    [
        ("copied twice", static async (trial, response) =>
        {
            await trial.TryAsync("first", () => CopyAsync(trial, response));
            await trial.TryAsync("second", () => CopyAsync(trial, response));
        }),
        ("copied synchronously, twice", static (trial, response) =>
        {
            trial.Try("first", () => Copy(trial, response));
            trial.Try("second", () => Copy(trial, response));
            return Task.CompletedTask;
        }),
        ("a stream, and a string", static async (trial, response) =>
        {
            await trial.TryAsync("first", () => ReadStreamAsync(trial, response));
            await trial.TryAsync("second", async () => trial.Note("body", await response.Content.ReadAsStringAsync()));
        }),
        ("a stream that is disposed, and a string", static async (trial, response) =>
        {
            await trial.TryAsync("first", async () => await (await response.Content.ReadAsStreamAsync()).DisposeAsync());
            await trial.TryAsync("second", async () => trial.Note("body", await response.Content.ReadAsStringAsync()));
        }),
        ("a stream twice", static async (trial, response) =>
        {
            await trial.TryAsync("first", () => ReadStreamAsync(trial, response));
            await trial.TryAsync("second", () => ReadStreamAsync(trial, response));
            await trial.TryAsync("third", async () => trial.Note("the same", ReferenceEquals(await response.Content.ReadAsStreamAsync(), await response.Content.ReadAsStreamAsync())));
        }),
        ("a string twice", static async (trial, response) =>
        {
            await trial.TryAsync("first", async () => trial.Note("body", await response.Content.ReadAsStringAsync()));
            await trial.TryAsync("second", async () => trial.Note("body", await response.Content.ReadAsStringAsync()));
        }),
        ("a copy that is cancelled before", static async (trial, response) =>
        {
            await trial.Caller.CancelAsync();
            await trial.TryAsync("first", () => response.Content.CopyToAsync(new MemoryStream(), trial.Token));
        }),
    ];

    private static readonly CaseSet Cases = new()
    {
        from content in Contents
        from way in Ways
        where !(content.Name.Contains("stream", StringComparison.Ordinal) && way.Name.Contains("stream that is disposed", StringComparison.Ordinal))
        from buffers in new[] { false, true }
        select Case($"{content.Name}, {way.Name}, {(buffers ? "buffered" : "streamed")}", content.Shows, content.Make, way.Read, buffers),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Content_OfAHandler_IsReadAsPlainReadsIt(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Case(string name, string shows, Func<HttpContent?> make, Func<Trial, HttpResponseMessage, Task> read, bool buffers) => new(
        name,
        KestrelServers.Http1,
        async trial =>
        {
            using var response = await trial.Client.GetAsync("text", buffers ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead);
            trial.Note("length", response.Content.Headers.ContentLength);
            await read(trial, response);
        },
        name.Contains("cancelled", StringComparison.Ordinal) || name.Contains("disposed", StringComparison.Ordinal) ? "" : shows)
    {
        Settings = ClientSettings.Default with
        {
            Handlers = [() => new ScriptedHandler((request, _, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { RequestMessage = request, Content = make() }))],
        },
    };

    private static async Task CopyAsync(Trial trial, HttpResponseMessage response)
    {
        using var copy = new MemoryStream();
        await response.Content.CopyToAsync(copy);
        trial.Note("body", copy.ToArray());
    }

    private static void Copy(Trial trial, HttpResponseMessage response)
    {
        using var copy = new MemoryStream();
        response.Content.CopyTo(copy, context: null, CancellationToken.None);
        trial.Note("body", copy.ToArray());
    }

    private static async Task ReadStreamAsync(Trial trial, HttpResponseMessage response)
    {
        var stream = await response.Content.ReadAsStreamAsync();
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        trial.Note("body", copy.ToArray());
    }

    private sealed class OwnContent(string text) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context)
            => stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();

        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
            => stream.WriteAsync(Encoding.ASCII.GetBytes(text), cancellationToken).AsTask();

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }

    private sealed class OnceStream(byte[] bytes) : MemoryStream(bytes)
    {
        public override bool CanSeek => false;
    }
}
