using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Lifetimes;

/// <summary>Clients, handlers and containers that end while something goes on, and what a client's own limits do.</summary>
public class LifetimeTests(KestrelServers servers)
{
    private static readonly CaseSet Cases = new()
    {
        Reading("the client is disposed while a body is read", static trial =>
        {
            trial.Client.Dispose();
            return Task.CompletedTask;
        }, "rest: def"),
        Reading("the container is disposed while a body is read", static async trial => await trial.DisposeClientAsync(), "rest: def", alone: true),
        Limited("a string over the client's limit, by its length", Answer.Ok("the quick brown fox"), static trial => trial.Client.GetStringAsync("it", trial.Token)),
        Limited("a string over the client's limit, in chunks", Answer.Chunked("the quick ", "brown fox"), static trial => trial.Client.GetStringAsync("it", trial.Token)),
        Limited("bytes over the client's limit", Answer.Chunked("the quick ", "brown fox"), static trial => trial.Client.GetByteArrayAsync("it", trial.Token)),
        Limited("a response over the client's limit, by its length", Answer.Ok("the quick brown fox"), static trial => trial.Client.GetAsync("it", trial.Token)),
        Limited("a response over the client's limit, in chunks", Answer.Chunked("the quick ", "brown fox"), static trial => trial.Client.GetAsync("it", trial.Token)),
        Limited("a response over the client's limit, sent synchronously", Answer.Ok("the quick brown fox"), static trial =>
        {
            using var response = trial.Client.Send(new HttpRequestMessage(HttpMethod.Get, "it"), trial.Token);
            return Task.CompletedTask;
        }),
        new ConformanceCase("many requests one after the other", KestrelServers.Http1, static async trial =>
        {
            for (var i = 0; i < 20; i++)
            {
                await trial.ProbeAsync();
            }
        }, "connection 1: GET /after"),
        new ConformanceCase("two requests at once, HTTP/2", KestrelServers.Http2, static async trial =>
        {
            await trial.ProbeAsync();
            var bodies = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => trial.Client.GetStringAsync("text", trial.Token)));
            trial.Note("distinct bodies", bodies.Distinct().Count());
        }, "distinct bodies: 1") { Settings = ClientSettings.Http2 },
        new ConformanceCase("sent synchronously, twenty times", KestrelServers.Http1, static trial =>
        {
            for (var i = 0; i < 20; i++)
            {
                using var response = trial.Client.Send(new HttpRequestMessage(HttpMethod.Get, "text"));
                using var reader = new StreamReader(response.Content.ReadAsStream());
                trial.Note("body", reader.ReadToEnd());
            }

            return Task.CompletedTask;
        }, "the quick brown fox"),
        new ConformanceCase("the client's properties cannot be set after its first request", RawPeer.Answers(), static async trial =>
        {
            await trial.ProbeAsync();
            trial.Try("Timeout", () => trial.Client.Timeout = TimeSpan.FromSeconds(1));
            trial.Try("BaseAddress", () => trial.Client.BaseAddress = new Uri("http://other.test"));
            trial.Try("MaxResponseContentBufferSize", () => trial.Client.MaxResponseContentBufferSize = 1);
            trial.Try("DefaultRequestVersion", () => trial.Client.DefaultRequestVersion = new Version(1, 0));
        }, "Timeout: InvalidOperationException"),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Client_EndingOrLimited_BehavesTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Limited(string name, Answer answer, Func<Trial, Task> act) => new(
        name,
        RawPeer.Answers(answer),
        async trial =>
        {
            await trial.TryAsync("get", () => act(trial));
            await trial.ProbeAsync();
        },
        "get: HttpRequestException(ConfigurationLimitExceeded)")
    {
        Settings = ClientSettings.Once with { Client = static client => client.MaxResponseContentBufferSize = 10 },
    };

    private static ConformanceCase Reading(string name, Func<Trial, Task> end, string shows, bool alone = false) => new(
        name,
        RawPeer.Runs(static async connection =>
        {
            await connection.ReceiveAsync();
            await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc");
            await connection.Peer.Signalled;
            await connection.SendAsync("def");
        }),
        async trial =>
        {
            using var response = await trial.Client.GetAsync("it", HttpCompletionOption.ResponseHeadersRead);
            await using var stream = await response.Content.ReadAsStreamAsync();
            await stream.ReadExactlyAsync(new byte[3]);
            await end(trial);
            ((RawPeer)trial.Peer).Signal();
            var rest = new byte[3];
            await stream.ReadExactlyAsync(rest);
            trial.Note("rest", rest);
            if (!alone)
            {
                await trial.TryAsync("another", () => trial.Client.GetAsync("it"));
            }
        },
        shows)
    {
        Settings = ClientSettings.Once,
    };
}
