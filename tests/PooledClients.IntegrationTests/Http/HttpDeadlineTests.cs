using System.Net;
using System.Net.Http.Json;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Http.Exchanges;
using PooledClients.Http.Exchanges.Timing;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That a deadline covers the exchange to the last byte of what is buffered, and that a stream which brings nothing ends as well.</summary>
public class HttpDeadlineTests : WatchedTest
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(5);

    // Only the exchange's clock stands still until it is told; the sockets are real.
    private readonly FakeTimeProvider _time = new();

    public static TheoryData<string, string> WaysToRead
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var version in new[] { "1.1", "2.0" })
            {
                foreach (var way in Ways.Keys)
                {
                    data.Add(version, way);
                }
            }

            return data;
        }
    }

    // The others buffer what they read.
    private static HashSet<string> Streams { get; } =
        ["GetStreamAsync", "ReadAsStreamAsync", "ReadAsStreamAsync without token", "ReadAsStream, synchronous", "CopyToAsync", "CopyTo, synchronous"];

    private static Dictionary<string, Func<HttpClient, string, CancellationToken, Task>> Ways { get; } = new(StringComparer.Ordinal)
    {
        ["GetStringAsync"] = (client, path, token) => client.GetStringAsync(path, token),
        ["GetByteArrayAsync"] = (client, path, token) => client.GetByteArrayAsync(path, token),
        ["GetAsync buffered"] = (client, path, token) => client.GetAsync(path, token),
        ["GetStreamAsync"] = async (client, path, token) => await ReadAllAsync(await client.GetStreamAsync(path, token), token),
        ["ReadAsStringAsync"] = async (client, path, token) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, token);
            await response.Content.ReadAsStringAsync(token);
        },
        ["ReadAsStreamAsync"] = async (client, path, token) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, token);
            await ReadAllAsync(await response.Content.ReadAsStreamAsync(token), token);
        },
        ["ReadAsStreamAsync without token"] = async (client, path, _) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, CancellationToken.None);
            await ReadAllAsync(await response.Content.ReadAsStreamAsync(CancellationToken.None), CancellationToken.None);
        },
        ["ReadAsStream, synchronous"] = async (client, path, token) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, token);
            var stream = response.Content.ReadAsStream(token);
            await Task.Run(() => stream.CopyTo(Stream.Null), CancellationToken.None);
        },
        ["CopyToAsync"] = async (client, path, token) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, token);
            await response.Content.CopyToAsync(Stream.Null, token);
        },
        ["LoadIntoBufferAsync"] = async (client, path, token) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, token);
            await response.Content.LoadIntoBufferAsync(token);
        },
        ["CopyTo, synchronous"] = async (client, path, token) =>
        {
            using var response = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, token);
            await Task.Run(() => response.Content.CopyTo(Stream.Null, null, token), CancellationToken.None);
        },
    };

    [Theory]
    [MemberData(nameof(WaysToRead))]
    public async Task Read_BodyStalls_EndsAtTheDeadlineAndFreesTheServer(string version, string way)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = Create(server, version, options => options.Deadline = Deadline);
        var call = Ways[way](http.Client, "/stall/headers", TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => http.Registry.Oldest is { Phase: ExchangePhase.ReadingBody });

        _time.Advance(Deadline);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.IsType<TimeoutException>(error.InnerException);
        var words = Streams.Contains(way) ? "got no byte of the body for 5 s" : "passed its deadline of 5 s while reading the body";
        Assert.Contains($"{words} (5 s reading the body)", error.Message, StringComparison.Ordinal);
        Assert.Contains("GET localhost:", error.Message, StringComparison.Ordinal);
        await Eventually.EqualAsync(1, () => api.Aborted);
        Assert.Equal(0, http.Registry.Open);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Deadline_NobodyReads_ClosesTheExchangeAndTellsTheNextRead(string version)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = Create(server, version, options => options.Deadline = Deadline);
        using var response = await http.Client.GetAsync("/stall", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        _time.Advance(Deadline);

        await Eventually.EqualAsync(1, () => api.Aborted);
        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Contains("while holding the body open unread", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, http.Registry.Open);
    }

    [Theory]
    [InlineData("1.1", "text/plain", "waiting for the response headers")]
    [InlineData("2.0", "text/plain", "waiting for the response headers")]
    [InlineData("1.1", null, "waiting for the response")]
    [InlineData("2.0", null, "waiting for the response")]
    public async Task Deadline_ServerSilent_NamesThePhase(string version, string? accept, string phase)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = Create(server, version, options => options.Deadline = Deadline);
        if (accept is not null)
        {
            // Nothing tells when a request without a header of its own has its connection.
            http.Client.DefaultRequestHeaders.Accept.ParseAdd(accept);
        }

        var call = http.Client.GetStringAsync("/stall/all", TestContext.Current.CancellationToken);
        await Eventually.EqualAsync(1, () => api.Stalled);

        _time.Advance(Deadline);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.Contains($"while {phase} (", error.Message, StringComparison.Ordinal);
        await Eventually.EqualAsync(1, () => api.Aborted);
    }

    [Fact]
    public async Task Deadline_UploadNotTaken_NamesThePhase()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1", options => options.Deadline = Deadline);
        using var endless = new StreamContent(new EndlessStream());
        var call = http.Client.PostAsync("/stall/upload", endless, TestContext.Current.CancellationToken);
        await Eventually.EqualAsync(1, () => api.Stalled);

        _time.Advance(Deadline);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.Contains("while sending the request", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deadline_UploadTaken_NamesThePhase()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1", options => options.Deadline = Deadline);
        var call = http.Client.PostAsJsonAsync("/stall/all", HttpApi.Text, TestContext.Current.CancellationToken);
        await Eventually.EqualAsync(1, () => api.Stalled);

        _time.Advance(Deadline);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.Contains("while waiting for the response headers", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Deadline_StreamReset_KeepsTheSharedConnection()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version20);
        await using var http = Create(server, "2.0", options => options.Deadline = Deadline);
        var call = http.Client.GetStringAsync("/stall/headers", TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => http.Registry.Oldest is { Phase: ExchangePhase.ReadingBody });

        _time.Advance(Deadline);

        await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        await Eventually.EqualAsync(1, () => api.Aborted);
        Assert.Equal(HttpApi.Text, await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken));
        Assert.Equal(1, server.Connections.Accepted);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task IdleRead_BodyStalls_EndsTheRead(string version)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = Create(server, version, options =>
        {
            options.Deadline = null;
            options.IdleReadTimeout = TimeSpan.FromSeconds(3);
        });
        var call = http.Client.GetStringAsync("/stall/headers", TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => http.Registry.Oldest is { Phase: ExchangePhase.ReadingBody });

        _time.Advance(TimeSpan.FromSeconds(3));

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Contains("got no byte of the body for 3 s", error.Message, StringComparison.Ordinal);
        await Eventually.EqualAsync(1, () => api.Aborted);
    }

    [Fact]
    public async Task IdleRead_NobodyReads_DoesNotCount()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1", options => options.IdleReadTimeout = TimeSpan.FromSeconds(3));
        using var response = await http.Client.GetAsync("/chunked", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var body = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        Assert.True(await body.ReadAsync(new byte[1], TestContext.Current.CancellationToken) == 1);

        _time.Advance(TimeSpan.FromSeconds(30));

        using var reader = new StreamReader(body);
        Assert.Equal("hequickbrownfox", await reader.ReadToEndAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Deadline_OfTheRequest_Wins()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/stall/all");
        request.Options.Set(PooledHttpRequestOptions.Deadline, TimeSpan.FromSeconds(1));
        var call = http.Client.SendAsync(request, TestContext.Current.CancellationToken);
        await Eventually.EqualAsync(1, () => api.Stalled);

        _time.Advance(TimeSpan.FromSeconds(1));

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.Contains("deadline of 1 s", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Timeout_OfTheUserSmaller_Wins()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1");
        http.Client.Timeout = TimeSpan.FromMilliseconds(300);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => http.Client.GetAsync("/stall/all", TestContext.Current.CancellationToken));

        // The runtime's words, or their key.
        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Contains("0.3", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("deadline of", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Cancel_ByTheCaller_CarriesTheCallersToken(string version)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var http = Create(server, version);
        using var cancellation = new CancellationTokenSource();
        var call = http.Client.GetStringAsync("/stall", cancellation.Token);
        await Eventually.HoldsAsync(() => http.Registry.Oldest is { Phase: ExchangePhase.ReadingBody });

        await cancellation.CancelAsync();

        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        Assert.Equal(cancellation.Token, error.CancellationToken);
        Assert.IsNotType<TimeoutException>(error.InnerException);
        await Eventually.EqualAsync(1, () => api.Aborted);
        Assert.Equal(0, http.Registry.Open);
    }

    [Fact]
    public async Task Send_Synchronous_KeepsTheDeadline()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = Create(server, "1.1", options => options.Deadline = Deadline);
        var call = Task.Run(
            () =>
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/stall/headers");
                using var response = http.Client.Send(request);
            },
            TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => http.Registry.Oldest is { Phase: ExchangePhase.ReadingBody });

        _time.Advance(Deadline);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        Assert.IsType<TimeoutException>(error.InnerException);
    }

    private static async Task ReadAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        await using (stream)
        {
            var buffer = new byte[256];
            while (await stream.ReadAsync(buffer, cancellationToken) > 0)
            {
            }
        }
    }

    private HttpFixture Create(TestServer server, string version, Action<PooledHttpClientOptions>? configure = null)
        => new(Log, Version.Parse(version), server.Address, configure, time: _time);
}
