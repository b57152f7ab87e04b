using System.Net;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;
using Script = System.Func<System.Net.Http.HttpRequestMessage, System.Func<System.Net.Http.HttpRequestMessage, System.Threading.CancellationToken, System.Threading.Tasks.Task<System.Net.Http.HttpResponseMessage>>, System.Threading.CancellationToken, System.Threading.Tasks.Task<System.Net.Http.HttpResponseMessage>>;

namespace PooledClients.IntegrationTests.Http.Conformance.Handlers;

/// <summary>Handlers of the caller's own that buffer, replace, repeat, refuse or throw.</summary>
public class HandlerTests(KestrelServers servers)
{
    private static readonly (string Name, string Shows, Script Script)[] Scripts =
    [
        ("passes on", "body: the quick brown fox", static (request, next, token) => next(request, token)),
        ("passes on late", "body: the quick brown fox", static async (request, next, token) =>
        {
            await Task.Yield();
            return await next(request, token);
        }),
        ("buffers", "body: the quick brown fox", static async (request, next, token) =>
        {
            var response = await next(request, token);
            await response.Content.LoadIntoBufferAsync(token);
            return response;
        }),
        ("reads the string", "body: the quick brown fox", static async (request, next, token) =>
        {
            var response = await next(request, token);
            await response.Content.ReadAsStringAsync(token);
            return response;
        }),
        ("reads the stream to its end", "connection 1", static async (request, next, token) =>
        {
            var response = await next(request, token);
            await (await response.Content.ReadAsStreamAsync(token)).CopyToAsync(Stream.Null, token);
            return response;
        }),
        ("reads a byte of the stream", "connection 1", static async (request, next, token) =>
        {
            var response = await next(request, token);
            (await response.Content.ReadAsStreamAsync(token)).ReadByte();
            return response;
        }),
        ("replaces the content", "body: something else", static async (request, next, token) =>
        {
            var response = await next(request, token);
            response.Content.Dispose();
            response.Content = new StringContent("something else");
            return response;
        }),
        ("wraps the content", "X-Wrapped: yes", static async (request, next, token) =>
        {
            var response = await next(request, token);
            var wrapped = new StreamContent(await response.Content.ReadAsStreamAsync(token));
            wrapped.Headers.Add("X-Wrapped", "yes");
            response.Content = wrapped;
            return response;
        }),
        ("takes the content away", "body: \n", static async (request, next, token) =>
        {
            var response = await next(request, token);
            response.Content.Dispose();
            response.Content = null;
            return response;
        }),
        ("answers itself", "body: mine", static (request, _, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Accepted) { RequestMessage = request, Content = new StringContent("mine") })),
        ("answers itself without a request", "status 202", static (_, _, _) => Task.FromResult(new HttpResponseMessage(HttpStatusCode.Accepted))),
        ("answers itself with a stream", "body: mine", static (_, _, _) => Task.FromResult(new HttpResponseMessage { Content = new StreamContent(new MemoryStream(Encoding.ASCII.GetBytes("mine"))) })),
        ("throws at once", "InvalidOperationException", static (_, _, _) => throw new InvalidOperationException("mine")),
        ("throws late", "InvalidOperationException", static async (_, _, _) =>
        {
            await Task.Yield();
            throw new InvalidOperationException("mine");
        }),
        ("throws HttpRequestException", "HttpRequestException(UserAuthenticationError, 403)", static (_, _, _) => throw new HttpRequestException(HttpRequestError.UserAuthenticationError, "mine", new IOException("mine"), HttpStatusCode.Forbidden)),
        ("throws TimeoutException", "TimeoutException", static (_, _, _) => throw new TimeoutException("mine")),
        ("cancels itself", "CanceledException", static (_, _, _) => throw new OperationCanceledException("mine")),
        ("throws after the answer", "InvalidOperationException", static async (request, next, token) =>
        {
            using var response = await next(request, token);
            throw new InvalidOperationException("mine");
        }),
        ("repeats", "body: the quick brown fox", static async (request, next, token) =>
        {
            (await next(request, token)).Dispose();
            return await next(request, token);
        }),
        ("repeats with a copy", "body: the quick brown fox", static async (request, next, token) =>
        {
            (await next(request, token)).Dispose();
            using var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Version = request.Version, VersionPolicy = request.VersionPolicy };
            return await next(copy, token);
        }),
        ("changes the request", "GET /json", static (request, next, token) =>
        {
            request.RequestUri = new Uri(request.RequestUri!, "json");
            request.Headers.Add("X-Own", "added");
            request.Content = null;
            return next(request, token);
        }),
        ("changes the method", "POST /text", static (request, next, token) =>
        {
            request.Method = HttpMethod.Post;
            request.Content = new StringContent("the fox");
            return next(request, token);
        }),
        ("takes the address away", "InvalidOperationException", static (request, next, token) =>
        {
            request.RequestUri = null;
            return next(request, token);
        }),
        ("makes the address relative", "InvalidOperationException", static (request, next, token) =>
        {
            request.RequestUri = new Uri("text", UriKind.Relative);
            return next(request, token);
        }),
        ("gives a token of its own", "status 200", static async (request, next, token) =>
        {
            using var source = CancellationTokenSource.CreateLinkedTokenSource(token);
            return await next(request, source.Token);
        }),
        ("cancels a token of its own", "CanceledException", static async (request, next, _) =>
        {
            using var source = new CancellationTokenSource();
            await source.CancelAsync();
            return await next(request, source.Token);
        }),
    ];

    private static readonly CaseSet Cases = new()
    {
        Scripts.SelectMany(script => Over($"{script.Name}, HTTP/1.1", KestrelServers.Http1, ClientSettings.Once, script.Script, script.Shows)),
        Scripts.SelectMany(script => Over($"{script.Name}, HTTP/2", KestrelServers.Http2, ClientSettings.OnceHttp2, script.Script, script.Shows)),
        new ConformanceCase("two in their order", KestrelServers.Http1, async trial => await trial.NoteAsync(await trial.Client.GetAsync("text")), "X-Trace: outer, inner")
        {
            Settings = ClientSettings.Default with { Handlers = [() => Traces("outer"), () => Traces("inner")] },
        },
        new ConformanceCase("sent synchronously through one", KestrelServers.Http1, async trial =>
            await trial.NoteAsync(trial.Client.Send(new HttpRequestMessage(HttpMethod.Get, "text"))), "the quick brown fox")
        {
            Settings = ClientSettings.Default with { Handlers = [() => Traces("mine")] },
        },
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Handler_InBetween_WorksTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ScriptedHandler Traces(string name) => new((request, next, token) =>
    {
        request.Headers.Add("X-Trace", name);
        return next(request, token);
    });

    private static IEnumerable<ConformanceCase> Over(string name, PeerFactory peer, ClientSettings settings, Script script, string shows)
    {
        settings = settings with { Handlers = [() => new ScriptedHandler(script)] };
        yield return new ConformanceCase($"{name}, buffered", peer, static async trial =>
        {
            using var response = await trial.Client.GetAsync("text", trial.Token);
            await NoteAsync(trial, response);
        }, shows)
        {
            Settings = settings,
        };
        yield return new ConformanceCase($"{name}, streamed", peer, static async trial =>
        {
            using var response = await trial.Client.GetAsync("text", HttpCompletionOption.ResponseHeadersRead, trial.Token);
            await NoteAsync(trial, response);
        }, shows)
        {
            Settings = settings,
        };
    }

    private static async Task NoteAsync(Trial trial, HttpResponseMessage response)
    {
        trial.NoteHead(response);
        trial.Note("request", response.RequestMessage?.Method);
        await trial.TryAsync("read", async () => trial.Note("body", await response.Content.ReadAsByteArrayAsync(trial.Token)));
    }
}
