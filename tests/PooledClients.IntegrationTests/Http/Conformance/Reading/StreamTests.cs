#pragma warning disable CA1835, CA2022 // The overloads are what is tried, and reads give what they give.
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Reading;

/// <summary>That the stream of a body behaves as every stream of the runtime: what it refuses, and what it is after its end and its disposal.</summary>
public class StreamTests(KestrelServers servers)
{
    private static readonly ReadWay[] Ways =
    [
        ReadWay.OfStream("what it can", (trial, stream) =>
        {
            trial.Note($"read {stream.CanRead}, write {stream.CanWrite}, seek {stream.CanSeek}, time out {stream.CanTimeout}");
            trial.Try("Length", () => _ = stream.Length);
            trial.Try("Position", () => _ = stream.Position);
            trial.Try("Position set", () => stream.Position = 0);
            trial.Try("Seek", () => stream.Seek(0, SeekOrigin.Begin));
            trial.Try("SetLength", () => stream.SetLength(0));
            trial.Try("ReadTimeout", () => _ = stream.ReadTimeout);
            trial.Try("WriteTimeout set", () => stream.WriteTimeout = 1);
            return Task.CompletedTask;
        }),
        ReadWay.OfStream("writes", async (trial, stream) =>
        {
            trial.Try("Write of an array", () => stream.Write(new byte[1], 0, 1));
            trial.Try("Write of a span", () => stream.Write(new byte[1]));
            trial.Try("WriteByte", () => stream.WriteByte(1));
            await trial.TryAsync("WriteAsync of an array", () => stream.WriteAsync(new byte[1], 0, 1));
            await trial.TryAsync("WriteAsync of memory", () => stream.WriteAsync(new byte[1]).AsTask());
            trial.Try("Flush", stream.Flush);
            await trial.TryAsync("FlushAsync", () => stream.FlushAsync());
            await trial.TryAsync("BeginWrite and EndWrite", () => Task.Factory.FromAsync(stream.BeginWrite, stream.EndWrite, new byte[1], 0, 1, null));
        }),
        ReadWay.OfStream("bad arguments of reads", async (trial, stream) =>
        {
            foreach (var (buffer, offset, count) in new (byte[]?, int, int)[] { (null, 0, 1), (new byte[2], -1, 1), (new byte[2], 3, 0), (new byte[2], 0, -1), (new byte[2], 0, 3), (new byte[2], 1, 2) })
            {
                trial.Try($"Read {offset} {count}", () => stream.Read(buffer!, offset, count));
                trial.Try($"ReadAsync called {offset} {count}", () => _ = stream.ReadAsync(buffer!, offset, count));
                await trial.TryAsync($"ReadAsync {offset} {count}", () => stream.ReadAsync(buffer!, offset, count));
                trial.Try($"BeginRead {offset} {count}", () => stream.BeginRead(buffer!, offset, count, null, null));
            }

            trial.Try("EndRead of null", () => stream.EndRead(null!));
        }),
        ReadWay.OfStream("bad arguments of copies", async (trial, stream) =>
        {
            using var unwritable = new MemoryStream([1], writable: false);
            var disposed = new MemoryStream();
            await disposed.DisposeAsync();
            foreach (var (name, destination, size) in new (string, Stream?, int)[] { ("null", null, 1), ("size 0", new MemoryStream(), 0), ("size -1", new MemoryStream(), -1), ("unwritable", unwritable, 1), ("disposed", disposed, 1) })
            {
                trial.Try($"CopyTo {name}", () => stream.CopyTo(destination!, size));
                trial.Try($"CopyToAsync called {name}", () => _ = stream.CopyToAsync(destination!, size));
                await trial.TryAsync($"CopyToAsync {name}", () => stream.CopyToAsync(destination!, size));
            }
        }),
        ReadWay.OfStream("a token that is cancelled already", async (trial, stream) =>
        {
            await trial.Caller.CancelAsync();
            var canceled = new CancellationToken(canceled: true);
            await trial.TryAsync("ReadAsync", () => stream.ReadAsync(new byte[1], trial.Token).AsTask());
            await trial.TryAsync("ReadAsync of an array", () => stream.ReadAsync(new byte[1], 0, 1, trial.Token));
            await trial.TryAsync("CopyToAsync", () => stream.CopyToAsync(Stream.Null, trial.Token));
            await trial.TryAsync("FlushAsync", () => stream.FlushAsync(canceled));
        }),
        ReadWay.OfStream("reads after its end", async (trial, stream) =>
        {
            await stream.CopyToAsync(Stream.Null);
            trial.Note("ReadByte", stream.ReadByte());
            trial.Note("Read", stream.Read(new byte[3], 0, 3));
            trial.Note("Read of a span", stream.Read(new byte[3]));
            trial.Note("ReadAsync", await stream.ReadAsync(new byte[3]));
            trial.Note("ReadAsync of an array", await stream.ReadAsync(new byte[3], 0, 3));
            await stream.CopyToAsync(Stream.Null);
            stream.CopyTo(Stream.Null);
            trial.Note("can read", stream.CanRead);
        }),
        ReadWay.OfStream("reads after its disposal", async (trial, stream) =>
        {
            await stream.DisposeAsync();
            await AfterDisposalAsync(trial, stream);
        }),
        ReadWay.OfStream("reads after its end and its disposal", async (trial, stream) =>
        {
            await stream.CopyToAsync(Stream.Null);
            stream.Dispose();
            await AfterDisposalAsync(trial, stream);
        }),
        new("reads after the response's disposal", async (trial, path) =>
        {
            var response = await trial.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);
            var stream = await response.Content.ReadAsStreamAsync();
            response.Dispose();
            await AfterDisposalAsync(trial, stream);
            await trial.TryAsync("content", () => response.Content.ReadAsStringAsync());
            await trial.TryAsync("content as a stream", () => response.Content.ReadAsStreamAsync());
        }),
        ReadWay.OfContent("disposed twice, and once more", async (trial, content) =>
        {
            var stream = await content.ReadAsStreamAsync();
            stream.Dispose();
            stream.Dispose();
            await stream.DisposeAsync();
            content.Dispose();
            content.Dispose();
            trial.Note("done");
        }),
        ReadWay.OfContent("a string after the stream was read", async (trial, content) =>
        {
            await (await content.ReadAsStreamAsync()).CopyToAsync(Stream.Null);
            await trial.TryAsync("string", () => content.ReadAsStringAsync());
            await trial.TryAsync("bytes", () => content.ReadAsByteArrayAsync());
            await trial.TryAsync("copy", () => content.CopyToAsync(Stream.Null));
            trial.Try("ReadAsStream", () => content.ReadAsStream());
        }),
        ReadWay.OfContent("copied twice", async (trial, content) =>
        {
            await trial.TryAsync("copy", () => content.CopyToAsync(Stream.Null));
            await trial.TryAsync("copy again", () => content.CopyToAsync(Stream.Null));
            await trial.TryAsync("string", () => content.ReadAsStringAsync());
        }),
        ReadWay.OfContent("a stream after a string", async (trial, content) =>
        {
            trial.Note("body", await content.ReadAsStringAsync());
            var stream = await content.ReadAsStreamAsync();
            trial.Note($"seek {stream.CanSeek}, length {stream.Length}");
            trial.Note("again", await content.ReadAsStringAsync());
        }),
        ReadWay.OfContent("a synchronous stream after an asynchronous one", async (trial, content) =>
        {
            _ = await content.ReadAsStreamAsync();
            trial.Try("ReadAsStream", () => content.ReadAsStream());
        }),
        ReadWay.OfContent("buffered, with too small a limit", async (trial, content) =>
        {
            await trial.TryAsync("LoadIntoBufferAsync", () => content.LoadIntoBufferAsync(5));
            await trial.TryAsync("negative", () => content.LoadIntoBufferAsync(-1));
        }),
    ];

    private static readonly CaseSet Cases = new()
    {
        Ways.Select(way => Over(way, "length", RawPeer.Answers(Answer.Ok("the quick brown fox")), ClientSettings.Default)),
        Ways.Select(way => Over(way, "chunks", RawPeer.Answers(Answer.Chunked("the quick ", "brown fox")), ClientSettings.Default)),
        Ways.Select(way => Over(way, "close", RawPeer.Answers(new Answer("HTTP/1.1 200 OK\r\n\r\nthe quick brown fox").ThenClose()), ClientSettings.Default)),
        Ways.Select(way => Over(way, "no body", RawPeer.Answers(Answer.Status("200 OK")), ClientSettings.Default)),
        Ways.Select(way => Over(way, "HTTP/2", KestrelServers.Http2, ClientSettings.Http2)),
        Ways.Select(way => Over(way, "HTTP/2 without a body", Frames.FrameAnswer.First(static answer => answer.HeadersAsync(end: true)), ClientSettings.Http2)),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Stream_UsedAndMisused_BehavesTheSame(string name) => Cases.CompareAsync(name, servers);

    private static async Task AfterDisposalAsync(Trial trial, Stream stream)
    {
        trial.Note($"read {stream.CanRead}, write {stream.CanWrite}, seek {stream.CanSeek}");
        trial.Try("ReadByte", () => stream.ReadByte());
        trial.Try("Read", () => _ = stream.Read(new byte[1], 0, 1));
        trial.Try("Read of a span", () => _ = stream.Read(new byte[1]));
        await trial.TryAsync("ReadAsync", () => stream.ReadAsync(new byte[1]).AsTask());
        await trial.TryAsync("ReadAsync of an array", () => stream.ReadAsync(new byte[1], 0, 1));
        await trial.TryAsync("CopyToAsync", () => stream.CopyToAsync(Stream.Null));
        trial.Try("CopyTo", () => stream.CopyTo(Stream.Null));
        trial.Try("Flush", stream.Flush);
    }

    private static ConformanceCase Over(ReadWay way, string framing, PeerFactory peer, ClientSettings settings, string path = "text")
        => new($"{way.Name}, {framing}", peer, trial => way.Act(trial, path), "connection 1") { Settings = settings };
}
