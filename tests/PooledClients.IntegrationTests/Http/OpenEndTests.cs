using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That no header of a server ends an exchange whose stream is open: its deadline holds, and it is seen.</summary>
public class OpenEndTests : WatchedTest
{
    private const string Unasked101 = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    private const string ZeroBesideChunked = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n";

    private const string Unasked101With5 = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\nContent-Length: 5\r\n\r\nhello";
    private const string FiveBesideChunked = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";
    private const string FiveChunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n";

    [Theory]
    [InlineData(Unasked101)]
    [InlineData(ZeroBesideChunked)]
    public async Task Deadline_HeadersSayThatThereIsNoBody_Holds(string answer)
    {
        await using var server = new RawHttpServer(_ => answer);
        await using var http = Create(server.Address, "1.1");

        await AssertEndsAtTheDeadlineAsync(http);
    }

    [Fact]
    public async Task Deadline_Http2WithoutItsEnd_Holds()
    {
        await using var server = new RawHttp2Server(AnswerWithoutEndAsync, tls: false);
        await using var http = Create(server.Address, "2.0");

        await AssertEndsAtTheDeadlineAsync(http);
    }

    [Fact]
    public async Task Deadline_HeadOverHttp2WithoutItsEnd_ClosesWhatIsOpen()
    {
        await using var server = new RawHttp2Server(AnswerWithoutEndAsync, tls: false);
        await using var http = Create(server.Address, "2.0");
        using var request = Request(http, HttpMethod.Head);

        // The client waits for no body of HEAD, nor does a plain one; the stream is open all the same.
        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(1, http.Registry.Open);
        await Eventually.EqualAsync(0, () => http.Registry.Open);
    }

    public static TheoryData<string, string> Lengths
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var body in new[] { "chunked", "101", "handler's content", "handler's length", "HTTP/2" })
            {
                foreach (var way in Ways.Keys)
                {
                    data.Add(body, way);
                }
            }

            return data;
        }
    }

    private static Dictionary<string, Func<Stream, Task>> Ways { get; } = new(StringComparer.Ordinal)
    {
        ["ReadAsync"] = static async stream =>
        {
            var buffer = new byte[64];
            while (await stream.ReadAsync(buffer) > 0)
            {
            }
        },
        ["Read"] = static stream => Task.Run(() =>
        {
            var buffer = new byte[64];
            while (stream.Read(buffer) > 0)
            {
            }
        }),
        ["CopyToAsync"] = static stream => stream.CopyToAsync(Stream.Null),
        ["one read, and CopyToAsync"] = static async stream =>
        {
            await stream.ReadExactlyAsync(new byte[5]);
            await stream.CopyToAsync(Stream.Null);
        },
    };

    [Theory]
    [MemberData(nameof(Lengths))]
    public async Task Deadline_LengthIsReadAndTheEndDoesNotCome_Holds(string body, string way)
    {
        await using var server = Http1(body == "101" ? Unasked101With5 : body == "chunked" ? FiveBesideChunked : FiveChunked);
        await using var server2 = new RawHttp2Server(connection => AnswerWithoutEndAsync(connection, "hello"), tls: false);
        await using var http = body == "HTTP/2" ? Create(server2.Address, "2.0") : Create(server.Address, "1.1", build: builder => builder.AddHttpMessageHandler(() => new LengthHandler(body)));
        using var request = Request(http, HttpMethod.Get);
        using var response = await http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => Ways[way](stream).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));

        Assert.IsType<TimeoutException>(error.InnerException);
        Assert.Equal(0, http.Registry.Open);
    }

    [Fact]
    public async Task Read_Http2LengthIsReadAndItsEndComesLate_IsTheEnd()
    {
        var end = new TaskCompletionSource();
        await using var server = new RawHttp2Server(connection => AnswerWithoutEndAsync(connection, "hello", end.Task), tls: false);
        await using var http = Create(server.Address, "2.0", deadline: 30);
        using var request = Request(http, HttpMethod.Get);
        using var response = await http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await stream.ReadExactlyAsync(new byte[5], TestContext.Current.CancellationToken);
        Assert.Equal(0, http.Registry.Open);

        using var caller = new CancellationTokenSource();
        var cancelled = stream.ReadAsync(new byte[1], caller.Token).AsTask();
        await caller.CancelAsync();
        var error = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.Equal(caller.Token, error.CancellationToken);
        var reading = stream.ReadAsync(new byte[1], TestContext.Current.CancellationToken);
        end.SetResult();
        Assert.Equal(0, await reading);
    }

    [Theory]
    [InlineData(Unasked101)]
    [InlineData(ZeroBesideChunked)]
    public async Task Response_StreamIsOpen_IsSeenAndDrained(string answer)
    {
        await using var server = new RawHttpServer(_ => answer);
        await using var http = Create(server.Address, "1.1", deadline: 30);

        using var response = await http.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        Assert.Equal(1, http.Registry.Open);
        response.Dispose();
        Assert.Equal(0, http.Registry.Open);
    }

    [Fact]
    public async Task Upgrade_Asked_OutlivesTheDeadlineOnceItsStreamIsTaken()
    {
        var closed = new TaskCompletionSource();
        await using var server = new RawHttpServer(async (_, stream) =>
        {
            await stream.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n"u8.ToArray());
            await closed.Task;
            await stream.WriteAsync("late"u8.ToArray());
            return null;
        });
        await using var http = Create(server.Address, "1.1");
        using var request = new HttpRequestMessage(HttpMethod.Get, "/") { Headers = { Connection = { "Upgrade" }, Upgrade = { new("echo") } } };
        using var response = await http.Client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        await using var stream = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await Task.Delay(TimeSpan.FromSeconds(1.2), TestContext.Current.CancellationToken);
        closed.SetResult();

        var buffer = new byte[4];
        await stream.ReadExactlyAsync(buffer, TestContext.Current.CancellationToken);

        Assert.Equal("late"u8.ToArray(), buffer);
        Assert.True(stream.CanWrite);
    }

    private static RawHttpServer Http1(string answer) => new(_ => answer);

    private static Task AnswerWithoutEndAsync(RawHttp2Connection connection) => AnswerWithoutEndAsync(connection, "");

    private static async Task AnswerWithoutEndAsync(RawHttp2Connection connection, string body, Task? end = null)
    {
        await connection.SendSettingsAsync();
        while (true)
        {
            var request = await connection.ReceiveCompleteAsync();
            var length = body.Length.ToString(System.Globalization.CultureInfo.InvariantCulture);
            await connection.SendAsync(FrameType.Headers, FrameFlags.EndHeaders, request.StreamId, Hpack.Encode([(":status", "200"), ("content-length", length)]));
            if (body.Length > 0)
            {
                await connection.SendAsync(FrameType.Data, FrameFlags.None, request.StreamId, System.Text.Encoding.ASCII.GetBytes(body));
            }

            if (end is not null)
            {
                await end;
                await connection.SendTrailersAsync(request.StreamId);
            }
        }
    }

    // What is sent as a message does not take the client's version.
    private static HttpRequestMessage Request(HttpFixture http, HttpMethod method)
        => new(method, "/") { Version = http.Client.DefaultRequestVersion, VersionPolicy = HttpVersionPolicy.RequestVersionExact };

    private static async Task AssertEndsAtTheDeadlineAsync(HttpFixture http)
    {
        using var request = Request(http, HttpMethod.Get);
        var error = await Assert.ThrowsAsync<TaskCanceledException>(
            () => http.Client.SendAsync(request, TestContext.Current.CancellationToken).WaitAsync(TimeSpan.FromSeconds(20), TestContext.Current.CancellationToken));
        Assert.IsType<TimeoutException>(error.InnerException);
        await Eventually.EqualAsync(0, () => http.Registry.Open);
    }

    private HttpFixture Create(Uri address, string version, int deadline = 1, Action<IHttpClientBuilder>? build = null)
        => new(Log, Version.Parse(version), address, options => options.Deadline = TimeSpan.FromSeconds(deadline), build);

    /// <summary>Says in one way or another that a body of chunks has five bytes, as a decompressing handler does that keeps the length.</summary>
    private sealed class LengthHandler(string body) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            if (body == "handler's content")
            {
                response.Content = new StreamContent(await response.Content.ReadAsStreamAsync(cancellationToken));
            }

            if (body.StartsWith("handler", StringComparison.Ordinal))
            {
                response.Content.Headers.ContentLength = 5;
            }

            return response;
        }
    }
}
