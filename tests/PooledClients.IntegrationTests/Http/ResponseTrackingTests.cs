using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Http.Json;
using System.Runtime.CompilerServices;
using System.Text;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.CallSites;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>What counts as a leak and what does not: every call here is dropped undisposed where its author might.</summary>
[SuppressMessage("Reliability", "CA2000", Justification = "Not disposing is what is tested.")]
public class ResponseTrackingTests : WatchedTest
{
    private const int Leaked = 202;

    private readonly FakeTimeProvider _time = new();

    public static TheoryData<string, string> Innocent
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var name in Innocents.Keys)
            {
                data.Add("1.1", name);
                if (!Http1Only.Contains(name))
                {
                    data.Add("2.0", name);
                }
            }

            return data;
        }
    }

    private static HashSet<string> Http1Only { get; } = ["upgrade", "synchronous send"];

    private static Dictionary<string, Func<HttpClient, Task>> Innocents { get; } = new(StringComparer.Ordinal)
    {
        ["buffered response"] = client => client.GetAsync("/text"),
        ["buffered chunked response"] = client => client.GetAsync("/chunked"),
        ["string"] = client => client.GetStringAsync("/text"),
        ["bytes"] = client => client.GetByteArrayAsync("/big"),
        ["json"] = client => client.GetFromJsonAsync<UploadedFile>("/json"),
        ["json of an unread response"] = async client => await (await OpenAsync(client, "/json")).Content.ReadFromJsonAsync<UploadedFile>(),
        ["string of an unread response"] = async client => await (await OpenAsync(client, "/text")).Content.ReadAsStringAsync(),
        ["buffered later"] = async client => await (await OpenAsync(client, "/chunked")).Content.LoadIntoBufferAsync(),
        ["copied"] = async client => await (await OpenAsync(client, "/big")).Content.CopyToAsync(Stream.Null),
        ["disposed unread"] = async client => (await OpenAsync(client, "/big")).Dispose(),
        ["stream read to the end"] = async client => await (await client.GetStreamAsync("/chunked")).CopyToAsync(Stream.Null),
        ["stream read by hand"] = async client => await ReadAsync(await client.GetStreamAsync("/chunked"), int.MaxValue),
        ["stream read to its length and no further"] = async client => await ReadAsync(await client.GetStreamAsync("/length"), HttpApi.Text.Length),
        ["stream read synchronously"] = async client => (await client.GetStreamAsync("/chunked")).CopyTo(Stream.Null),
        ["stream disposed unread"] = async client => await (await client.GetStreamAsync("/big")).DisposeAsync(),
        ["stream returned to a caller who disposes"] = async client =>
        {
            await using var stream = await ReturnStreamAsync(client);
            await ReadAsync(stream, 3);
        },
        ["stream reader"] = async client =>
        {
            using var reader = new StreamReader(await client.GetStreamAsync("/chunked"));
            await reader.ReadLineAsync();
        },
        ["lines"] = async client => await new StreamReader(await client.GetStreamAsync("/chunked"), Encoding.UTF8).ReadToEndAsync(),
        ["json reader"] = async client => await JsonDocument.ParseAsync(await client.GetStreamAsync("/json")),
        ["empty body"] = client => OpenAsync(client, "/empty"),
        ["204"] = client => OpenAsync(client, "/status/204"),
        ["304"] = client => OpenAsync(client, "/status/304"),
        ["404 without a body"] = client => OpenAsync(client, "/status/404"),
        ["HEAD"] = client => client.SendAsync(new HttpRequestMessage(HttpMethod.Head, "/text"), HttpCompletionOption.ResponseHeadersRead),
        ["expect continue"] = client => client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/echo")
        {
            Content = new StringContent(HttpApi.Text),
            Headers = { ExpectContinue = true },
        }),
        ["post"] = client => client.PostAsync("/echo", new StringContent(HttpApi.Text)),
        ["compressed"] = client => client.GetStringAsync("/gzip"),
        ["compressed stream read to the end"] = async client => await (await client.GetStreamAsync("/gzip")).CopyToAsync(Stream.Null),
        ["redirect"] = client => client.GetStringAsync("/redirect"),
        ["cancelled read"] = async client =>
        {
            using var cancellation = new CancellationTokenSource();
            using var response = await OpenAsync(client, "/stall/headers");
            var read = response.Content.ReadAsStringAsync(cancellation.Token);
            await cancellation.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
        },
        ["upgrade"] = async client =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/upgrade") { Headers = { Connection = { "Upgrade" }, Upgrade = { new("echo") } } };
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
            Assert.Equal(HttpStatusCode.SwitchingProtocols, response.StatusCode);
            var stream = await response.Content.ReadAsStreamAsync();
            await stream.WriteAsync(new byte[4]);
            await ReadAsync(stream, 4);
        },
        ["synchronous send"] = client => Task.Run(() =>
        {
            var response = client.Send(new HttpRequestMessage(HttpMethod.Get, "/text"));
            response.Content.ReadAsStream().CopyTo(Stream.Null);
        }),
    };

    [Theory]
    [MemberData(nameof(Innocent))]
    public async Task Response_NothingHeld_IsNoLeak(string version, string name)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = new HttpFixture(Log, Version.Parse(version), server.Address);

        await RunAsync(Innocents[name], http.Client);

        Assert.Equal(0, http.Registry.Open);
        await CollectUntilAsync(() => http.Registry.Open == 0);
        Assert.DoesNotContain(Log.Entries, static entry => entry.Event.Id is Leaked);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Response_DroppedUnread_IsALeakThatNamesItsMethod(string version)
    {
        Log.Allow("leaked");
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = new HttpFixture(Log, Version.Parse(version), server.Address);

        await RunAsync(LeakAsync, http.Client);
        Assert.Equal(1, http.Registry.Open);

        await CollectUntilAsync(() => Log.Entries.Any(static entry => entry.Event.Id is Leaked));
        Assert.Contains(nameof(ResponseTrackingTests) + "." + nameof(LeakAsync), Assert.Single(Log.Entries, static entry => entry.Event.Id is Leaked).Message, StringComparison.Ordinal);
        Assert.Equal(0, http.Registry.Open);
        await Eventually.EqualAsync(1, () => api.Aborted);
    }

    [Fact]
    public async Task Stream_DroppedHalfRead_IsALeak()
    {
        Log.Allow("leaked");
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);

        await RunAsync(async client => await ReadAsync(await client.GetStreamAsync("/stall"), 3), http.Client);

        await CollectUntilAsync(() => Log.Entries.Any(static entry => entry.Event.Id is Leaked));
        await Eventually.EqualAsync(1, () => api.Aborted);
    }

    [Fact]
    public async Task Route_OnceItLeaked_IsCapturedCallByCall()
    {
        Log.Allow("leaked");
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken);
        using (var second = await OpenAsync(http.Client, "/text"))
        {
            Assert.Null(http.Registry.Oldest!.CallSite);
        }

        await RunAsync(client => OpenAsync(client, "/text"), http.Client);
        await CollectUntilAsync(() => http.Registry.Open == 0);

        using var response = await OpenAsync(http.Client, "/text");
        Assert.Contains(nameof(OpenAsync), http.Registry.Oldest!.CallSite, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Response_HeldUnread_IsWarnedOfOnceAndFollowedUp()
    {
        Log.Allow("have been open and unread");
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, options => options.Deadline = null);
        var response = await OpenAsync(http.Client, "/stall/headers");

        _time.Advance(TimeSpan.FromSeconds(59));
        Assert.DoesNotContain(Log.Entries, static entry => entry.Event.Id is 200);
        _time.Advance(TimeSpan.FromSeconds(2));
        _time.Advance(TimeSpan.FromSeconds(60));
        response.Dispose();

        var warning = Assert.Single(Log.Entries, static entry => entry.Event.Id is 200);
        Assert.Contains(nameof(OpenAsync), warning.Message, StringComparison.Ordinal);
        Assert.Contains("'uploads'", warning.Message, StringComparison.Ordinal);
        Assert.Single(Log.Entries, static entry => entry.Event.Id is 201);
    }

    [Fact]
    public async Task Response_BeingRead_DoesNotCountAsHeld()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, options => options.Deadline = null);
        using var response = await OpenAsync(http.Client, "/stall/headers");
        using var cancellation = new CancellationTokenSource();
        var read = response.Content.ReadAsStringAsync(cancellation.Token);
        await Eventually.HoldsAsync(() => http.Registry.Oldest is { Phase: ExchangePhase.ReadingBody });

        _time.Advance(TimeSpan.FromMinutes(10));

        Assert.DoesNotContain(Log.Entries, static entry => entry.Event.Id is 200);
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => read);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Response_HeldTooLong_IsAbortedWhenAskedFor(string version)
    {
        Log.Allow("was aborted");
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = new HttpFixture(
            Log, Version.Parse(version), server.Address, options => options.ResponseHeldTimeout = TimeSpan.FromSeconds(30), time: _time);
        using var response = await OpenAsync(http.Client, "/stall/headers");

        _time.Advance(TimeSpan.FromSeconds(31));

        await Eventually.EqualAsync(1, () => api.Aborted);
        var error = await Assert.ThrowsAsync<IOException>(async () => await (await response.Content.ReadAsStreamAsync()).ReadExactlyAsync(new byte[1]));
        Assert.Contains("left open and unread for 30 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Snapshot_OpenResponse_TellsWhoAndWhere()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server);
        using var response = await OpenAsync(http.Client, "/stall/headers?secret=1");

        var open = Assert.Single(http.Services.GetRequiredService<IPooledClientsDiagnostics>().Capture().OpenResponses);

        Assert.Equal(("uploads", "GET", $"localhost:{server.Port}/stall/headers"), (open.Client, open.Method, open.Uri));
        Assert.Contains(nameof(OpenAsync), open.Origin, StringComparison.Ordinal);
    }

    // A stream that goes on for hours is read all the time, and is no trouble.
    [Fact]
    public async Task Snapshot_ResponseThatIsRead_IsOpenForLongAndNotUnread()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server);
        using var response = await OpenAsync(http.Client, "/stall/headers");
        var diagnostics = http.Services.GetRequiredService<IPooledClientsDiagnostics>();
        _time.Advance(TimeSpan.FromSeconds(40));
        Assert.Equal(TimeSpan.FromSeconds(40), Assert.Single(diagnostics.Capture().OpenResponses).UnreadFor);
        Assert.Contains(diagnostics.Capture().Troubles, static trouble => trouble.Kind == "response");

        using var end = new CancellationTokenSource();
        var reading = (await response.Content.ReadAsStreamAsync()).ReadAtLeastAsync(new byte[1 << 20], 1 << 20, throwOnEndOfStream: false, end.Token);
        _time.Advance(TimeSpan.FromSeconds(40));

        var open = Assert.Single(diagnostics.Capture().OpenResponses);
        Assert.True(open.HeldFor >= TimeSpan.FromSeconds(80), $"{open.HeldFor}");
        Assert.Null(open.UnreadFor);
        Assert.DoesNotContain(diagnostics.Capture().Troubles, static trouble => trouble.Kind == "response");
        await end.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reading);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Calls_NeverDisposed_AllSucceed(string version)
    {
        const int calls = 200, callers = 20, connections = 50;
        Log.Allow("leaked");
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = new HttpFixture(Log, Version.Parse(version), server.Address, options => options.Connection.MaxConnections = connections);

        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            for (var i = 0; i < calls / callers; i++)
            {
                await LeakBigAsync(http.Client);
            }
        })));

        Assert.Equal(calls, api.Arrivals["GET /big"]);

        // The runtime counts a collected connection as gone before its socket is closed.
        Assert.True(server.Connections.MostOpen <= 2 * connections, $"{server.Connections.MostOpen} connections at once");
        await CollectUntilAsync(() => http.Registry.Open == 0);
        Assert.Contains(Log.Entries, static entry => entry.Event.Id is Leaked && entry.Message.Contains(nameof(LeakBigAsync), StringComparison.Ordinal));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task LeakAsync(HttpClient client)
    {
        var response = await client.GetAsync("/stall/headers", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static async Task LeakBigAsync(HttpClient client)
    {
        var response = await client.GetAsync("/big", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private static Task<HttpResponseMessage> OpenAsync(HttpClient client, string path)
        => client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead);

    private static Task<Stream> ReturnStreamAsync(HttpClient client) => client.GetStreamAsync("/chunked");

    private static async Task ReadAsync(Stream stream, int count)
    {
        var buffer = new byte[64];
        int read;
        while (count > 0 && (read = await stream.ReadAsync(buffer.AsMemory(0, Math.Min(count, buffer.Length)))) > 0)
        {
            count -= read;
        }
    }

    // Its frame and its task are gone when it returns, and with them what they held.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task RunAsync(Func<HttpClient, Task> use, HttpClient client) => Task.Run(async () => await use(client));

    // Again and again, for the frames that ran the last call are still on some stack when its task ends.
    private static Task CollectUntilAsync(Func<bool> condition)
        => Eventually.HoldsAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return condition();
        });

    private HttpFixture Create(TestServer server, Action<PooledHttpClientOptions>? configure = null)
        => new(Log, HttpVersion.Version11, server.Address, configure, time: _time);
}
