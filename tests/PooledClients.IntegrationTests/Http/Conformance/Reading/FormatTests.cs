using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.WebUtilities;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Reading;

/// <summary>Bodies that something else takes apart: JSON, server-sent events, multipart.</summary>
public class FormatTests(KestrelServers servers)
{
    private const string Parts = "--cut\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\none\r\n--cut\r\nContent-Type: text/plain\r\n\r\ntwo\r\n--cut--\r\n";

    private static readonly CaseSet Cases = new()
    {
        Json(new("GetFromJsonAsync with a token", async (trial, path) => trial.Note("fox", (await trial.Client.GetFromJsonAsync<JsonObject>(path, trial.Token))?.ToJsonString()))),
        Json(new("GetFromJsonAsync", async (trial, path) => trial.Note("fox", (await trial.Client.GetFromJsonAsync<JsonObject>(path))?.ToJsonString()))),
        Json(ReadWay.OfContent("ReadFromJsonAsync with a token", async (trial, content) => trial.Note("fox", (await content.ReadFromJsonAsync<JsonObject>(trial.Token))?.ToJsonString()))),
        Json(ReadWay.OfStream("JsonSerializer.DeserializeAsync with a token", async (trial, stream) =>
            trial.Note("fox", (await JsonSerializer.DeserializeAsync<JsonObject>(stream, cancellationToken: trial.Token))?.ToJsonString()))),
        Json(ReadWay.OfStream("JsonSerializer.Deserialize", (trial, stream) =>
        {
            trial.Note("fox", JsonSerializer.Deserialize<JsonObject>(stream)?.ToJsonString());
            return Task.CompletedTask;
        })),
        Json(ReadWay.OfStream("JsonDocument.ParseAsync with a token", async (trial, stream) =>
        {
            using var document = await JsonDocument.ParseAsync(stream, cancellationToken: trial.Token);
            trial.Note("fox", document.RootElement.GetRawText());
        })),
        Http1("GetFromJsonAsAsyncEnumerable", Answer.Ok("[1,2,3]", "Content-Type: application/json\r\n"), "number: 3", async trial =>
        {
            await foreach (var number in trial.Client.GetFromJsonAsAsyncEnumerable<int>("it", trial.Token))
            {
                trial.Note("number", number);
            }
        }),
        Http1("GetFromJsonAsAsyncEnumerable, left early", Answer.Chunked("[1,2,3,", "4]"), "number: 1", async trial =>
        {
            await foreach (var number in trial.Client.GetFromJsonAsAsyncEnumerable<int>("it", trial.Token))
            {
                trial.Note("number", number);
                break;
            }
        }),
        Http1("JSON that is broken", Answer.Ok("{\"name\":", "Content-Type: application/json\r\n"), "JsonException", async trial =>
            await trial.Client.GetFromJsonAsync<JsonObject>("it", trial.Token)),
        Http1("JSON that is cut", new Answer("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{\"name\":").ThenClose(), "ResponseEnded", async trial =>
            await trial.Client.GetFromJsonAsync<JsonObject>("it", trial.Token)),
        Http1("JSON in Latin-1", Answer.Ok("{\"name\":\"caf\u00e9\"}", "Content-Type: application/json; charset=iso-8859-1\r\n"), "caf", async trial =>
            trial.Note("name", (string?)(await trial.Client.GetFromJsonAsync<JsonObject>("it", trial.Token))!["name"])),
        Http1("JSON and 404", "HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\n{}", "HttpRequestException(Unknown, 404)", async trial =>
            await trial.Client.GetFromJsonAsync<JsonObject>("it", trial.Token)),
        Http1("an empty body as JSON", Answer.Status("200 OK", "Content-Type: application/json\r\n"), "JsonException", async trial =>
            await trial.Client.GetFromJsonAsync<JsonObject>("it", trial.Token)),
        Http1("GetString of an unknown charset", Answer.Ok("abc", "Content-Type: text/plain; charset=nonsense\r\n"), "InvalidOperationException", async trial =>
            await trial.Client.GetStringAsync("it", trial.Token)),
        Http1("GetString in UTF-16", Answer.Ok("\u00ff\u00fea\0b\0"), "body: ab", async trial => trial.Note("body", await trial.Client.GetStringAsync("it", trial.Token))),
        Http1("GetString of 404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", "HttpRequestException(Unknown, 404)", async trial =>
        {
            await trial.TryAsync("get", () => trial.Client.GetStringAsync("it", trial.Token));
            await trial.ProbeAsync();
        }),
        Http1("GetStream of 404", "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\ngone", "HttpRequestException(Unknown, 404)", async trial =>
            await trial.Client.GetStreamAsync("it", trial.Token)),
        Events("server-sent events, HTTP/1.1", KestrelServers.Http1, ClientSettings.Default),
        Events("server-sent events, HTTP/2", KestrelServers.Http2, ClientSettings.Http2),
        Http1("server-sent events, left early", new Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\ndata: one\n\n\r\n").ThenHold(), "event: one", async trial =>
        {
            await using var stream = await trial.Client.GetStreamAsync("it", trial.Token);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(trial.Token))
            {
                trial.Note("event", item.Data);
                break;
            }
        }),
        Http1("server-sent events, cancelled between two", new Answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nb\r\ndata: one\n\n\r\n").ThenHold(), "TaskCanceledException", async trial =>
        {
            await using var stream = await trial.Client.GetStreamAsync("it", trial.Token);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(trial.Token))
            {
                trial.Note("event", item.Data);
                await trial.Caller.CancelAsync();
            }
        }),
        Multipart("multipart, by length", Answer.Ok(Parts)),
        Multipart("multipart, in chunks", Answer.Chunked(Parts[..20], Parts[20..61], Parts[61..])),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Format_TakenApart_ComesOutTheSame(string name) => Cases.CompareAsync(name, servers);

    private static IEnumerable<ConformanceCase> Json(ReadWay way) =>
    [
        Json(way, "HTTP/1.1", KestrelServers.Http1, ClientSettings.Default),
        Json(way, "HTTP/1.1 over TLS", KestrelServers.Http1Tls, ClientSettings.Default),
        Json(way, "HTTP/2", KestrelServers.Http2, ClientSettings.Http2),
        Json(way, "HTTP/2 in clear text", KestrelServers.Http2ClearText, ClientSettings.Http2),
    ];

    private static ConformanceCase Json(ReadWay way, string protocol, PeerFactory peer, ClientSettings settings)
        => new($"{way.Name}, {protocol}", peer, trial => way.Act(trial, "json"), "\"size\":19") { Settings = settings };

    private static ConformanceCase Http1(string name, Answer answer, string shows, Func<Trial, Task> act)
        => new(name, RawPeer.Answers(answer), act, shows) { Settings = ClientSettings.Once };

    private static ConformanceCase Events(string name, PeerFactory peer, ClientSettings settings) => new(
        name,
        peer,
        async trial =>
        {
            await using var stream = await trial.Client.GetStreamAsync("events", trial.Token);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(trial.Token))
            {
                trial.Note($"event {item.EventType} {item.EventId}", item.Data.ReplaceLineEndings("|"));
            }

            await trial.ProbeAsync();
        },
        "two|lines")
    {
        Settings = settings,
    };

    private static ConformanceCase Multipart(string name, Answer answer) => Http1(name, answer, "part: two", async trial =>
    {
        var reader = new MultipartReader("cut", await trial.Client.GetStreamAsync("it", trial.Token));
        while (await reader.ReadNextSectionAsync(trial.Token) is { } section)
        {
            trial.Note("part", await new StreamReader(section.Body).ReadToEndAsync(trial.Token));
        }

        await trial.ProbeAsync();
    });
}
