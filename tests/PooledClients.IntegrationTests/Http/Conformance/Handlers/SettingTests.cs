using System.Diagnostics;
using System.Net;
using System.Text;
using PooledClients.IntegrationTests.Http.Conformance.Outcomes;
using PooledClients.IntegrationTests.Http.Conformance.Peers;

namespace PooledClients.IntegrationTests.Http.Conformance.Handlers;

/// <summary>What a caller may tell the handler besides proxies, credentials, cookies and redirects: limits, encodings, filters, what is sent along.</summary>
public class SettingTests(KestrelServers servers)
{
    private const string Long = "HTTP/1.1 200 OK\r\nX-Long: ";

    private static readonly CaseSet Cases = new()
    {
        Over("headers over a limit of its own", RawPeer.Answers(Long + new string('x', 2000) + "\r\nContent-Length: 0\r\n\r\n"), static handler => handler.MaxResponseHeadersLength = 1, "ConfigurationLimitExceeded"),
        Over("headers under a limit of its own", RawPeer.Answers(Long + new string('x', 500) + "\r\nContent-Length: 0\r\n\r\n"), static handler => handler.MaxResponseHeadersLength = 1, "status 200"),
        Over("headers over the usual limit, with a higher one", RawPeer.Answers(Long + new string('x', 70 * 1024) + "\r\nContent-Length: 0\r\n\r\n"), static handler => handler.MaxResponseHeadersLength = 100, "status 200"),
        Over("trailers over a limit of its own", RawPeer.Answers($"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Long: {new string('x', 2000)}\r\n\r\n"),
            static handler => handler.MaxResponseHeadersLength = 1, "thrown"),
        new ConformanceCase("HTTP/2, headers over a limit of its own", Frames.FrameAnswer.First(static answer => answer.HeadersAsync(end: true, ("x-one", new string('x', 700)), ("x-two", new string('x', 700)))), GetAsync, "thrown")
        {
            Settings = ClientSettings.OnceHttp2 with { Handler = static handler => handler.MaxResponseHeadersLength = 1 },
        },
        Over("request headers in Latin-1", RawPeer.Answers(), static handler => handler.RequestHeaderEncodingSelector = static (name, _) => name == "X-Name" ? Encoding.Latin1 : null, "caf\u00e9", static request => request.Headers.Add("X-Name", "caf\u00e9")),
        Over("request headers in UTF-8", RawPeer.Answers(), static handler => handler.RequestHeaderEncodingSelector = static (_, _) => Encoding.UTF8, "caf\u00c3\u00a9", static request => request.Headers.Add("X-Name", "caf\u00e9")),
        Over("response headers in UTF-8", RawPeer.Answers(Answer.Ok("abc", "X-Name: caf\u00c3\u00a9\r\n")), static handler => handler.ResponseHeaderEncodingSelector = static (_, _) => Encoding.UTF8, "caf\u00e9"),
        Over("connections that are not used again", RawPeer.Answers(), static handler => handler.PooledConnectionLifetime = TimeSpan.Zero, "connection 2: GET"),
        Over("connections that are never idle", RawPeer.Answers(), static handler =>
        {
            // The runtime keeps them all the same where it counts them.
            handler.MaxConnectionsPerServer = int.MaxValue;
            handler.PooledConnectionIdleTimeout = TimeSpan.Zero;
        }, "connection 2: GET"),
        Over("100 that never comes", RawPeer.Answers(), static handler => handler.Expect100ContinueTimeout = TimeSpan.FromMilliseconds(10), "body the fox", static request =>
        {
            request.Method = HttpMethod.Post;
            request.Content = new StringContent("the fox");
            request.Headers.ExpectContinue = true;
        }),
        Filtered("HTTP/1.1", KestrelServers.Http1, HttpVersion.Version11),
        Filtered("HTTP/1.1 over TLS", KestrelServers.Http1Tls, HttpVersion.Version11),
        Filtered("HTTP/2", KestrelServers.Http2, HttpVersion.Version20),
        Filtered("HTTP/2 in clear text", KestrelServers.Http2ClearText, HttpVersion.Version20),
        new ConformanceCase("a filter that fails", KestrelServers.Http1, GetAsync, "thrown: HttpRequestException")
        {
            Settings = ClientSettings.Once with { Handler = static handler => handler.PlaintextStreamFilter = static (_, _) => throw new InvalidOperationException("mine") },
        },
        Traced("what an activity sends along, its propagator's", new Baggage(), "X-Trace: yes"),
        Traced("what an activity sends along, nothing", null, "connection 1: GET"),
        Over("one connection for two requests at once", KestrelServers.Http1, static handler => handler.MaxConnectionsPerServer = 1, "connection 1: GET /text", act: static async trial =>
        {
            var bodies = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => trial.Client.GetStringAsync("text", trial.Token)));
            trial.Note("distinct bodies", bodies.Distinct().Count());
        }),
        Over("a small window of HTTP/2", KestrelServers.Http2, static handler => handler.InitialHttp2StreamWindowSize = 65535, "HTTP/2.0", static request => request.RequestUri = new Uri("big", UriKind.Relative), version: HttpVersion.Version20),
        Over("one HTTP/2 connection alone", KestrelServers.Http2, static handler => handler.EnableMultipleHttp2Connections = false, "HTTP/2.0", version: HttpVersion.Version20),
    };

    public static TheoryData<string> Names => Cases.Names;

    [Theory]
    [MemberData(nameof(Names))]
    public Task Handler_ToldOtherwise_DoesTheSame(string name) => Cases.CompareAsync(name, servers);

    private static ConformanceCase Over(
        string name,
        PeerFactory peer,
        Action<SocketsHttpHandler> handler,
        string shows,
        Action<HttpRequestMessage>? prepare = null,
        Func<Trial, Task>? act = null,
        Version? version = null) => new(name, peer, act ?? (trial => GetAsync(trial, prepare)), shows)
        {
            Settings = ClientSettings.Once with { Handler = handler, Version = version ?? HttpVersion.Version11 },
        };

    // Counts what passes, so that it shows that the bytes of the exchange are the filter's.
    private static ConformanceCase Filtered(string name, PeerFactory peer, Version version)
    {
        var filter = new CountingFilter();
        return new ConformanceCase($"a filter of the plaintext, {name}", peer, async trial =>
        {
            filter.Reset();
            await GetAsync(trial);
            trial.Note("filter", filter);
        }, "filter: 1 connections, bytes True True")
        {
            Settings = ClientSettings.Once with { Version = version, Handler = handler => handler.PlaintextStreamFilter = (context, _) => ValueTask.FromResult(filter.Around(context.PlaintextStream)) },
        };
    }

    private static ConformanceCase Traced(string name, DistributedContextPropagator? propagator, string shows) => new(name, RawPeer.Answers(), async trial =>
    {
        using var activity = new Activity("work").Start();
        await GetAsync(trial);
    }, shows)
    {
        Settings = ClientSettings.Once with { Handler = handler => handler.ActivityHeadersPropagator = propagator },
    };

    private static Task GetAsync(Trial trial) => GetAsync(trial, null);

    private static async Task GetAsync(Trial trial, Action<HttpRequestMessage>? prepare)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "text") { Version = trial.Client.DefaultRequestVersion, VersionPolicy = trial.Client.DefaultVersionPolicy };
        prepare?.Invoke(request);
        try
        {
            await trial.NoteAsync(await trial.Client.SendAsync(request, trial.Token));
            await trial.ProbeAsync();
        }
        catch (HttpRequestException exception)
        {
            trial.Note(exception);
        }
    }

    private sealed class Baggage : DistributedContextPropagator
    {
        public override IReadOnlyCollection<string> Fields => ["X-Trace"];

        public override void Inject(Activity? activity, object? carrier, PropagatorSetterCallback? setter) => setter?.Invoke(carrier, "X-Trace", activity is null ? "no" : "yes");

        public override void ExtractTraceIdAndState(object? carrier, PropagatorGetterCallback? getter, out string? traceId, out string? traceState) => traceId = traceState = null;

        public override IEnumerable<KeyValuePair<string, string?>>? ExtractBaggage(object? carrier, PropagatorGetterCallback? getter) => null;
    }
}
