using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Ending;

/// <summary>Each way for the caller to give an exchange up, at each point of it.</summary>
public class EndingTests(KestrelServers servers)
{
    private static readonly (string Name, ClientSettings Settings, Func<Trial, Task, Task> End)[] Ends =
    [
        ("the caller cancels", ClientSettings.Once, static async (trial, _) => await trial.Caller.CancelAsync()),
        ("pending requests are cancelled", ClientSettings.Once, static (trial, _) =>
        {
            trial.Client.CancelPendingRequests();
            return Task.CompletedTask;
        }),
        ("the client is disposed", ClientSettings.Once, static (trial, _) =>
        {
            trial.Client.Dispose();
            return Task.CompletedTask;
        }),

        // Long enough for a request to come to its server on a loaded machine.
        ("the client's timeout", ClientSettings.Once with { Client = static client => client.Timeout = TimeSpan.FromSeconds(1) }, static (_, exchange) => exchange),
    ];

    private static readonly CaseSet Cases = new()
    {
        Ends.SelectMany(end => Points(end.Name, end.Settings, end.End)),
        Early("HTTP/1.1", KestrelServers.Http1, ClientSettings.Default),
        Early("HTTP/2", KestrelServers.Http2, ClientSettings.Http2),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Exchange_GivenUp_EndsTheSame(string name) => Cases.CompareAsync(name, servers);

    private static IEnumerable<ConformanceCase> Points(string name, ClientSettings settings, Func<Trial, Task, Task> end)
    {
        yield return AtHandshake($"{name} during the handshake", settings, end);
        yield return AtHandshake($"{name} during the handshake, HTTP/2", settings with { Version = System.Net.HttpVersion.Version20 }, end);
        foreach (var (protocol, peer, of) in new[] { ("HTTP/1.1", KestrelServers.Http1, settings), ("HTTP/2", KestrelServers.Http2, settings with { Version = System.Net.HttpVersion.Version20 }) })
        {
            yield return AtServer($"{name} while the request is sent, {protocol}", peer, of, end, trial =>
                trial.Client.PostAsync("stall-upload", new StreamContent(new EndlessStream()), trial.Token));
            yield return AtServer($"{name} while headers are awaited, {protocol}", peer, of, end, trial => trial.Client.GetAsync("stall", trial.Token));
            yield return AtServer($"{name} while headers are awaited after a POST, {protocol}", peer, of, end, trial =>
                trial.Client.PostAsync("stall", new StringContent("the fox"), trial.Token));
            yield return AtServer($"{name} while a body is buffered, {protocol}", peer, of, end, trial => trial.Client.GetStringAsync("stall-body", trial.Token));
            yield return AtServer($"{name} while a body without a byte is buffered, {protocol}", peer, of, end, trial => trial.Client.GetAsync("stall-headers", trial.Token));
            if (protocol == "HTTP/1.1")
            {
                yield return AtServer($"{name} while headers are awaited synchronously, {protocol}", peer, of, end, trial => SendAsync(trial, "stall"));
                yield return AtServer($"{name} while a body is buffered synchronously, {protocol}", peer, of, end, trial => SendAsync(trial, "stall-body"));
            }

            if (!name.Contains("caller", StringComparison.Ordinal))
            {
                continue;
            }

            yield return AtServer($"{name} while a body is read, {protocol}", peer, of, end, async trial =>
            {
                using var response = await trial.Client.GetAsync("stall-body", HttpCompletionOption.ResponseHeadersRead);
                await using var stream = await response.Content.ReadAsStreamAsync();
                var buffer = new byte[100];
                while (await stream.ReadAsync(buffer, trial.Token) > 0)
                {
                }
            });
            yield return AtServer($"{name} while a body is copied, {protocol}", peer, of, end, async trial =>
            {
                using var response = await trial.Client.GetAsync("stall-body", HttpCompletionOption.ResponseHeadersRead);
                await response.Content.CopyToAsync(Stream.Null, trial.Token);
            });
            yield return AtServer($"{name} while a string is read, {protocol}", peer, of, end, async trial =>
            {
                using var response = await trial.Client.GetAsync("stall-body", HttpCompletionOption.ResponseHeadersRead);
                await response.Content.ReadAsStringAsync(trial.Token);
            });
            yield return AtServer($"{name} after the headers, and nobody reads, {protocol}", peer, of, static (_, _) => Task.CompletedTask, async trial =>
            {
                using var response = await trial.Client.GetAsync("stall-body", HttpCompletionOption.ResponseHeadersRead, trial.Token);
                await trial.Caller.CancelAsync();
                var buffer = new byte[19];
                await using var stream = await response.Content.ReadAsStreamAsync();
                await stream.ReadExactlyAsync(buffer);
                trial.Note("body", buffer);
            });
            yield return AtServer($"{name}, the response is disposed while it is read, {protocol}", peer, of, static (_, _) => Task.CompletedTask, async trial =>
            {
                var response = await trial.Client.GetAsync("stall-body", HttpCompletionOption.ResponseHeadersRead);
                var stream = await response.Content.ReadAsStreamAsync();
                await stream.ReadExactlyAsync(new byte[19]);
                var reading = stream.ReadAsync(new byte[1]).AsTask();
                response.Dispose();
                try
                {
                    await reading;
                    trial.Note("read: done");
                }
                catch (Exception exception) when (exception is IOException or ObjectDisposedException or OperationCanceledException)
                {
                    // Which half of the connection notices first is a matter of luck, with plain too.
                    trial.Note("read: ended");
                }
            });
        }
    }

    private static Task SendAsync(Trial trial, string path) => Task.Factory.StartNew(
        () => trial.Client.Send(new HttpRequestMessage(HttpMethod.Get, path), trial.Token).Dispose(), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    // Whether the timeout, the body's writer or the server's answer to being left is first to be seen, is a matter of luck with plain too.
    private static bool IsRaced(string name) => name.StartsWith("the client's timeout while the request is sent", StringComparison.Ordinal);

    /// <summary>The server's part has come as far as it gets when the end comes; it sees the client go.</summary>
    private static ConformanceCase AtServer(string name, PeerFactory peer, ClientSettings settings, Func<Trial, Task, Task> end, Func<Trial, Task> act) => new(
        name,
        peer,
        async trial =>
        {
            var exchange = act(trial);
            var server = (KestrelPeer)trial.Peer;
            await Task.WhenAny(server.Reached, exchange);
            await end(trial, Task.WhenAny(exchange));
            await trial.TryAsync("exchange", async () =>
            {
                try
                {
                    await exchange;
                }
                catch (Exception exception) when (IsRaced(name) && exception is (HttpRequestException or OperationCanceledException))
                {
                }
            });
            await server.Aborted;
            trial.Note("the server saw it");
        },
        "the server saw it")
    {
        Settings = settings,
    };

    private static ConformanceCase AtHandshake(string name, ClientSettings settings, Func<Trial, Task, Task> end) => new(
        name,
        SilentPeer.Create,
        async trial =>
        {
            var exchange = trial.Client.GetAsync("it", trial.Token);
            await ((SilentPeer)trial.Peer).Connected;
            await end(trial, Task.WhenAny(exchange));
            await trial.TryAsync("exchange", () => exchange);
        },
        "exchange: TaskCanceledException")
    {
        Settings = settings,
    };

    private static IEnumerable<ConformanceCase> Early(string protocol, PeerFactory peer, ClientSettings settings)
    {
        yield return new ConformanceCase($"a token that is cancelled already, {protocol}", peer, async trial =>
        {
            await trial.Caller.CancelAsync();
            await trial.TryAsync("get", () => trial.Client.GetAsync("text", trial.Token));
            await trial.TryAsync("post", () => trial.Client.PostAsync("echo", new StringContent("fox"), trial.Token));
            await trial.TryAsync("string", () => trial.Client.GetStringAsync("text", trial.Token));
            trial.Try("send", () => trial.Client.Send(new HttpRequestMessage(HttpMethod.Get, "text"), trial.Token));
        }, "get: TaskCanceledException(the caller's token)")
        { Settings = settings };
        yield return new ConformanceCase($"a client that is disposed already, {protocol}", peer, async trial =>
        {
            trial.Client.Dispose();
            await trial.TryAsync("get", () => trial.Client.GetAsync("text", trial.Token));
        }, "ObjectDisposedException")
        { Settings = settings };
        yield return new ConformanceCase($"cancelled after the end, {protocol}", peer, async trial =>
        {
            using var response = await trial.Client.GetAsync("text", trial.Token);
            await trial.Caller.CancelAsync();
            await trial.NoteAsync(response);
            await trial.ProbeAsync();
        }, "the quick brown fox")
        { Settings = settings };
        yield return new ConformanceCase($"pending requests are cancelled, and others begun, {protocol}", peer, async trial =>
        {
            trial.Client.CancelPendingRequests();
            await trial.ProbeAsync();
        }, "then: served")
        { Settings = settings };
        yield return new ConformanceCase($"disposed without a read of a short body, {protocol}", peer, async trial =>
        {
            (await trial.Client.GetAsync("empty", HttpCompletionOption.ResponseHeadersRead, trial.Token)).Dispose();
            await trial.ProbeAsync();
        }, "then: served")
        { Settings = settings };
    }
}
