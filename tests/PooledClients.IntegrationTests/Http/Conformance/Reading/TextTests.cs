using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Reading;

/// <summary>Each way to read text, over each way to frame it.</summary>
public class TextTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        Over("length", RawPeer.Answers(Answer.Ok("the quick brown fox")), ClientSettings.Default),
        Over("chunks and trailers", RawPeer.Answers("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nthe \r\nf\r\nquick brown fox\r\n0\r\nX-Sum: 42\r\n\r\n"), ClientSettings.Default),
        Over("close", RawPeer.Answers(new Answer("HTTP/1.1 200 OK\r\n\r\nthe quick brown fox").ThenClose()), ClientSettings.Default),
        Over("HTTP/2 with a length", KestrelServers.Http2, ClientSettings.Http2),
        Over("HTTP/2 with trailers", KestrelServers.Http2, ClientSettings.Http2, "trailers"),
        Over("an idle-read timeout", RawPeer.Answers(Answer.Ok("the quick brown fox")), new ClientSettings { Pooled = static options => options.IdleReadTimeout = TimeSpan.FromSeconds(30) }),
        Over("300 KB", KestrelServers.Http1, ClientSettings.Default, "big", "connection 1"),
        Over("HTTP/2 and 300 KB", KestrelServers.Http2, ClientSettings.Http2, "big", "connection 1"),
        Started("HTTP/2", KestrelServers.Http2),
        Started("HTTP/2 in clear text", KestrelServers.Http2ClearText),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Text_ReadInAnyWay_ComesOutTheSame(string name) => Cases.CompareAsync(name, servers);

    // Whether the rest of a long body that is given up is there already, so that its connection is used again, is a race.
    private static IEnumerable<ConformanceCase> Over(string framing, PeerFactory peer, ClientSettings settings, string path = "text", string shows = "the quick brown fox")
        => TextWays.All.Where(way => path != "big" || way.Name != "ReadAtLeastAsync with a token").Select(way => new ConformanceCase(
            $"{way.Name}, {framing}",
            peer,
            async trial =>
            {
                await way.Act(trial, path);
                await trial.ProbeAsync();
            },
            shows)
        {
            Settings = settings,
        });

    // Whether the end comes with the headers or after them is a race at the server.
    private static IEnumerable<ConformanceCase> Started(string protocol, PeerFactory peer)
        => new[] { "started", "flushed-empty", "trailers-only", "empty" }.Select(path => new ConformanceCase(
            $"/{path}, twenty times, {protocol}",
            peer,
            async trial =>
            {
                for (var i = 0; i < 20; i++)
                {
                    using var response = await trial.Client.GetAsync(path, i % 2 == 0 ? HttpCompletionOption.ResponseContentRead : HttpCompletionOption.ResponseHeadersRead, trial.Token);
                    trial.Note($"status {(int)response.StatusCode}, body", await response.Content.ReadAsStringAsync(trial.Token));
                    trial.NoteTrailers(response);
                }
            },
            "status 200, body: ")
        {
            Settings = ClientSettings.Http2,
        });
}
