using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Differences;

/// <summary>The meant differences, each by a case that shows both sides of it.</summary>
public class DifferenceTests(KestrelServers servers)
{
    private static readonly TimeSpan Short = TimeSpan.FromMilliseconds(100);

    private static readonly CaseSet Cases = new()
    {
        Stalled("a body that stalls, and a deadline", MeantDifferences.Deadline, static options => options.Deadline = Short, static (_, act) => act(), Buffer),
        Stalled("a stream that stalls, and a deadline", MeantDifferences.Silence, static options => options.Deadline = Short, static (_, act) => act()),
        Stalled("a stream that stalls, and a deadline of streams", MeantDifferences.Silence, static options => options.StreamingDeadline = Short, static (_, act) => act()),
        Stalled("a body that stalls, and a request's own deadline", MeantDifferences.RequestDeadline, pooled: null, static (request, act) =>
        {
            request.Options.Set(PooledHttpRequestOptions.Deadline, Short);
            return act();
        }),
        Stalled("a body that stalls, and an ambient deadline", MeantDifferences.AmbientDeadline, pooled: null, static async (_, act) =>
        {
            using (CallDeadline.Begin(TimeProvider.System.GetUtcNow().UtcDateTime + Short))
            {
                await act();
            }
        }),
        Stalled("a body that stalls, and an idle-read timeout", MeantDifferences.IdleRead, static options => options.IdleReadTimeout = Short, static (_, act) => act()),
        Meant(
            "JSON that takes longer than a request may",
            RawPeer.Runs(static async connection =>
            {
                await connection.ReceiveAsync();
                if (connection.Number == 1)
                {
                    await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 7\r\n\r\n[1,");
                    await connection.Peer.Signalled;
                    await connection.SendAsync("2,3]");
                }

                await connection.WaitForEndAsync();
            }),
            MeantDifferences.Silence,
            "json: TaskCanceledException",
            "json: done",
            static async trial =>
            {
                if (trial.Side == Side.Plain)
                {
                    trial.Client.Timeout = 10 * Short;
                    await trial.TryAsync("json", () => trial.Client.GetFromJsonAsync<int[]>("json"));
                    return;
                }

                // The other one, which is asked for later and gets no headers, ends at the deadline.
                var json = trial.TryAsync("json", () => trial.Client.GetFromJsonAsync<int[]>("json"));
                await Assert.ThrowsAsync<TaskCanceledException>(() => trial.Client.GetAsync("stall"));
                ((RawPeer)trial.Peer).Signal();
                await json;
            },
            ClientSettings.Once with
            {
                Pooled = static options =>
                {
                    options.Deadline = 10 * Short;
                    options.IdleReadTimeout = Timeout.InfiniteTimeSpan;
                },
            }),
        new[] { "408 Request Timeout", "429 Too Many Requests", "500 Internal Server Error", "502 Bad Gateway", "503 Service Unavailable", "504 Gateway Timeout" }
            .Select(static status => Meant($"GET and {status}", RawPeer.Answers(Answer.Status(status), Answer.Ok("abc")), MeantDifferences.RetryOfStatus, $"status {status}", "body: abc")),
        Meant("GET and a connection that is closed within the headers", RawPeer.Answers(new Answer("HTTP/1.1 200").ThenClose(), Answer.Ok("abc")), MeantDifferences.RetryOfConnection, "HttpRequestException(ResponseEnded)", "body: abc"),
        Meant("GET and a connection that is reset within the headers", RawPeer.Answers(new Answer("HTTP/1.1 200").ThenReset(), Answer.Ok("abc")), MeantDifferences.RetryOfConnection, "thrown: HttpRequestException", "body: abc"),
        Meant(
            "two failures, and a third request",
            RawPeer.Answers(Answer.Status("503 Service Unavailable"), Answer.Status("503 Service Unavailable")),
            MeantDifferences.Breaker,
            "status 200",
            "HttpRequestException(Unknown) < BreakerOpenException",
            static async trial =>
            {
                for (var i = 0; i < 3; i++)
                {
                    await trial.TryAsync("get", async () => await trial.NoteAsync(await trial.Client.GetAsync("it")));
                }
            },
            ClientSettings.Once with { Pooled = static options => options.Resilience.Breaker.MinimumThroughput = 2 }),
        Meant(
            "two requests at once over one connection",
            RawPeer.Runs(static async connection =>
            {
                await connection.ReceiveAsync();
                if (connection.Number == 1)
                {
                    await connection.SendAsync("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
                    await connection.Peer.Signalled;
                    await connection.SendAsync("abc");
                    await connection.ReceiveAsync();
                }

                await connection.SendAsync(Answer.After.Text);
            }),
            MeantDifferences.Connections,
            "connection 2",
            "connection 1: GET /after",
            static async trial =>
            {
                var peer = (RawPeer)trial.Peer;
                using var first = await trial.Client.GetAsync("it", HttpCompletionOption.ResponseHeadersRead);
                var second = trial.ProbeAsync();
                if (trial.Side == Side.Plain)
                {
                    await second;
                }

                peer.Signal();
                await first.Content.ReadAsStringAsync();
                await second;
            },
            new ClientSettings { Pooled = static options => options.Connection.MaxConnections = 1 }),
        Meant("a cookie and the next request", RawPeer.Answers(Answer.Ok("abc", "Set-Cookie: a=b\r\n")), MeantDifferences.Cookies, "Cookie: a=b", "connection 1: GET /after HTTP/1.1 | Host: localhost:PORT", static async trial =>
        {
            using var handler = new SocketsHttpHandler();
            using var asItComes = new HttpClient(handler) { BaseAddress = trial.Peer.Address };
            var client = trial.Side == Side.Plain ? asItComes : trial.Client;
            (await client.GetAsync("it")).Dispose();
            (await client.GetAsync("after")).Dispose();
        }),
        Meant(
            "a gzip body that is copied twice",
            KestrelServers.Http1,
            MeantDifferences.SecondCopy,
            "again: ArgumentException",
            "again: InvalidOperationException",
            static async trial =>
            {
                using var response = await trial.Client.GetAsync("gzip", HttpCompletionOption.ResponseHeadersRead, trial.Token);
                await trial.TryAsync("copy", () => response.Content.CopyToAsync(Stream.Null, trial.Token));
                await trial.TryAsync("again", () => response.Content.CopyToAsync(Stream.Null, trial.Token));
            },
            new ClientSettings
            {
                Handler = static handler => handler.AutomaticDecompression = DecompressionMethods.All,
                Pooled = static options => options.AutomaticDecompression = DecompressionMethods.All,
            }),
        Meant(
            "a content of a handler's own type",
            KestrelServers.Http1,
            MeantDifferences.OwnContent,
            "is it: True",
            "is it: False",
            static async trial =>
            {
                using var response = await trial.Client.GetAsync("text", HttpCompletionOption.ResponseHeadersRead, trial.Token);
                trial.Note("is it", response.Content is System.Net.Http.Json.JsonContent);
                trial.Note("body", await response.Content.ReadAsByteArrayAsync());
            },
            new ClientSettings
            {
                Handlers = [static () => new Handlers.ScriptedHandler(static (_, _, _) => Task.FromResult(new HttpResponseMessage { Content = System.Net.Http.Json.JsonContent.Create("mine") }))],
            }),
        Meant(
            "a POST as a used connection closes",
            RawPeer.Runs(static async connection =>
            {
                await connection.ReceiveAsync();
                await connection.SendAsync(Answer.Ok("first").Text);
                await connection.ReceiveAsync();
                connection.Close();
            }),
            MeantDifferences.PostOnce,
            "connection 2: POST /it",
            "again: HttpRequestException",
            static async trial =>
            {
                await trial.ProbeAsync();
                await trial.TryAsync("again", () => trial.Client.PostAsync("it", content: null));
            },
            ClientSettings.Once),
        Meant("two names", KestrelServers.Http1, MeantDifferences.Sharing, "connection 2: GET /text", "connection 1: GET /text HTTP/1.1 | X-Name: b", static async trial =>
        {
            var services = new ServiceCollection();
            foreach (var name in new[] { "a", "b" })
            {
                var client = trial.Side == Side.Plain ? services.AddHttpClient(name) : services.AddPooledHttpClient(name);
                client.ConfigureHttpClient(client => client.DefaultRequestHeaders.Add("X-Name", name));
            }

            await using var provider = services.BuildServiceProvider();
            foreach (var name in new[] { "a", "b" })
            {
                using var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient(name);
                await trial.NoteAsync(await client.GetAsync(new Uri(trial.Peer.Address, "text")));
            }
        }),
        Meant(
            "an HTTP/1.1 server asked for HTTP/2 alone",
            KestrelServers.Http1Tls,
            MeantDifferences.Handshake,
            "HttpRequestException(SecureConnectionError) < AuthenticationException",
            "HttpRequestException(SecureConnectionError) < WrongProtocolException",
            static async trial => await trial.Client.GetAsync("text"),
            ClientSettings.OnceHttp2),
        Meant("a request after the container's disposal", KestrelServers.Http1, MeantDifferences.Disposal, "status 200", "ObjectDisposedException", static async trial =>
        {
            var services = new ServiceCollection();
            _ = trial.Side == Side.Plain ? services.AddHttpClient("a") : services.AddPooledHttpClient("a");
            var provider = services.BuildServiceProvider();
            var client = provider.GetRequiredService<IHttpClientFactory>().CreateClient("a");
            (await client.GetAsync(new Uri(trial.Peer.Address, "text"))).Dispose();
            await provider.DisposeAsync();
            await trial.NoteAsync(await client.GetAsync(new Uri(trial.Peer.Address, "text")));
        }),
        HandlerDifferences.Cases,
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Difference_ThatIsMeant_ShowsOnBothSides(string name) => Cases.CompareAsync(name, servers);

    [Fact]
    public void Difference_Each_HasItsCaseAndItsRow()
    {
        var rows = File.ReadAllLines(Path.Combine(Repository(), "docs", "http-differences.md"))
            .Where(static line => line.StartsWith("| ", StringComparison.Ordinal) && !line.StartsWith("| ---", StringComparison.Ordinal) && !line.StartsWith("| what", StringComparison.Ordinal))
            .Select(static line => line.Split('|', StringSplitOptions.TrimEntries))
            .ToDictionary(static row => row[1], static row => row[4], StringComparer.Ordinal);

        Assert.Equal(MeantDifferences.All.Select(static difference => difference.Name).Order(StringComparer.Ordinal), rows.Keys.Order(StringComparer.Ordinal));
        Assert.All(MeantDifferences.All, difference => Assert.Equal(difference.Reason, rows[difference.Name]));
        Assert.Equal(
            MeantDifferences.All.Select(static difference => difference.Name).Order(StringComparer.Ordinal),
            Cases.Select(static one => one.Meant!.Value.Difference.Name).Distinct().Order(StringComparer.Ordinal));
    }

    private static string Repository()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "PooledClients.sln")))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        return folder;
    }

    private static ConformanceCase Meant(
        string name, PeerFactory peer, Difference difference, string plain, string pooled, Func<Trial, Task>? act = null, ClientSettings? settings = null)
        => new(name, peer, act ?? (static async trial => await trial.NoteAsync(await trial.Client.GetAsync("it"))), plain)
        {
            Settings = settings ?? ClientSettings.Default,
            Meant = (difference, pooled),
        };

    private static Task<Task> Buffer(HttpResponseMessage response) => Task.FromResult<Task>(response.Content.ReadAsStringAsync());

    private static async Task<Task> ReadOn(HttpResponseMessage response)
    {
        var stream = await response.Content.ReadAsStreamAsync();
        await stream.ReadExactlyAsync(new byte[19]);
        return stream.ReadAsync(new byte[1]).AsTask();
    }

    /// <summary>The client's own timeout passes meanwhile, as another request shows; it does not end the read.</summary>
    private static ConformanceCase Stalled(
        string name, Difference difference, Action<PooledHttpClientOptions>? pooled, Func<HttpRequestMessage, Func<Task>, Task> during, Func<HttpResponseMessage, Task<Task>>? read = null) => new(
        name,
        KestrelServers.Http1,
        async trial =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "stall-body");
            await during(request, async () =>
            {
                using var response = await trial.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
                var reading = await (read ?? ReadOn)(response);
                if (trial.Side == Side.Plain)
                {
                    await trial.TryAsync("the client's timeout", () => trial.Client.GetAsync("stall"));
                    trial.Note("the read has ended", reading.IsCompleted);
                    return;
                }

                await reading;
            });
        },
        "the read has ended: False")
        {
            Settings = ClientSettings.Once with
            {
                Pooled = pooled,
                Client = static client => client.Timeout = 5 * Short,
            },
            Meant = (difference, "thrown: TaskCanceledException < TimeoutException"),
        };
}
