using System.IO.Compression;
using System.Net;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Decompression;

/// <summary>Compressed bodies, with a handler that undoes the compression and with one that does not; whole, cut and broken.</summary>
public class DecompressionTests(KestrelServers servers)
{
    private static readonly string Gzip = Compress("the quick brown fox");

    private static readonly CaseSet Cases = new()
    {
        new[] { "gzip", "deflate", "br", "text" }.SelectMany(static path => new[] { DecompressionMethods.None, DecompressionMethods.GZip, DecompressionMethods.All }
            .SelectMany(methods => Over(path, methods))),
        Raw("a gzip body in chunks", Chunks(Gzip), "the quick brown fox"),
        Raw("a gzip body to the close", new Answer("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + Gzip).ThenClose(), "the quick brown fox"),
        Raw("a gzip body that is cut, by its length", Whole(Gzip[..^12]), "connection 1"),
        Raw("a gzip body that is cut, by the close", new Answer($"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {Gzip.Length}\r\n\r\n{Gzip[..^12]}").ThenClose(), "thrown"),
        Raw("a gzip body that is cut in its trailer", Whole(Gzip[..^4]), "connection 1"),
        Raw("a gzip body that is broken", Whole("not gzip at all"), "InvalidDataException"),
        Raw("a gzip body that is empty", Whole(""), "body: \n"),
        Raw("two gzip bodies in one", Whole(Gzip + Gzip), "connection 1"),
        Raw("rubbish after a gzip body", Whole(Gzip + "rubbish"), "connection 1"),
        Raw("gzip in capitals", Whole(Gzip, "GZIP"), "connection 1"),
        Raw("x-gzip", Whole(Gzip, "x-gzip"), "connection 1"),
        Raw("two encodings", Whole(Gzip, "identity, gzip"), "connection 1"),
        Raw("an encoding that nobody knows", Whole(Gzip, "riddle"), "connection 1"),
        Raw("gzip and 204", "HTTP/1.1 204 No Content\r\nContent-Encoding: gzip\r\n\r\n", "status 204"),
        Raw("gzip and 404", $"HTTP/1.1 404 Not Found\r\nContent-Encoding: gzip\r\nContent-Length: {Gzip.Length}\r\n\r\n{Gzip}", "body: the quick brown fox"),
        Raw("gzip and HEAD", $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {Gzip.Length}\r\n\r\n", "status 200", HttpMethod.Head),
        new ConformanceCase("encodings that the caller accepts itself", RawPeer.Answers(Whole(Gzip)), async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "it") { Headers = { { "Accept-Encoding", "br;q=0.5" } } };
            await trial.NoteAsync(await trial.Client.SendAsync(request));
        }, "Accept-Encoding: br") { Settings = Undoing(DecompressionMethods.GZip) },
        new ConformanceCase("a gzip body read in part, then disposed", KestrelServers.Http1, async trial =>
        {
            using (var response = await trial.Client.GetAsync("gzip", HttpCompletionOption.ResponseHeadersRead, trial.Token))
            {
                var stream = await response.Content.ReadAsStreamAsync(trial.Token);
                trial.Note("first", stream.ReadByte());
                trial.Note($"seek {stream.CanSeek}, write {stream.CanWrite}");
            }
        }, "first: 116") { Settings = Undoing(DecompressionMethods.All) },
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Body_Compressed_ComesOutTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ClientSettings Undoing(DecompressionMethods methods) => ClientSettings.Once with
    {
        Handler = handler => handler.AutomaticDecompression = methods,
        Pooled = options => options.AutomaticDecompression = methods,
    };

    private static IEnumerable<ConformanceCase> Over(string path, DecompressionMethods methods)
    {
        foreach (var (protocol, peer, version) in new[] { ("HTTP/1.1", KestrelServers.Http1, HttpVersion.Version11), ("HTTP/2", KestrelServers.Http2, HttpVersion.Version20) })
        {
            yield return new ConformanceCase(
                $"{path} with {methods}, {protocol}",
                peer,
                async trial =>
                {
                    await trial.NoteAsync(await trial.Client.GetAsync(path));
                    using var response = await trial.Client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, trial.Token);
                    await using var stream = await response.Content.ReadAsStreamAsync(trial.Token);
                    using var body = new MemoryStream();
                    await stream.CopyToAsync(body, trial.Token);
                    trial.Note("streamed", body.ToArray());
                },
                "status 200")
            {
                Settings = Undoing(methods) with { Version = version },
            };
        }
    }

    private static ConformanceCase Raw(string name, Answer answer, string shows, HttpMethod? method = null) => new(
        name,
        RawPeer.Answers(answer),
        async trial =>
        {
            using var request = new HttpRequestMessage(method ?? HttpMethod.Get, "it");
            await trial.TryAsync("get", async () => await trial.NoteAsync(await trial.Client.SendAsync(request, trial.Token)));
            await trial.ProbeAsync();
        },
        shows.Replace("thrown", "get: HttpRequestException", StringComparison.Ordinal))
    {
        Settings = Undoing(DecompressionMethods.All),
    };

    private static Answer Whole(string bytes, string encoding = "gzip") => Answer.Ok(bytes, $"Content-Encoding: {encoding}\r\n");

    private static Answer Chunks(string bytes)
        => $"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{bytes[..5]}\r\n{bytes.Length - 5:x}\r\n{bytes[5..]}\r\n0\r\n\r\n";

    private static string Compress(string text)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.ASCII.GetBytes(text));
        }

        return Encoding.Latin1.GetString(compressed.ToArray());
    }
}
