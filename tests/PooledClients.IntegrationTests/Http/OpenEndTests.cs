using System.Net;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That no header of a server ends an exchange whose stream is open: its deadline holds, and it is seen.</summary>
public class OpenEndTests : WatchedTest
{
    private const string Unasked101 = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";
    private const string ZeroBesideChunked = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n";

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

    private static async Task AnswerWithoutEndAsync(RawHttp2Connection connection)
    {
        await connection.SendSettingsAsync();
        while (true)
        {
            var request = await connection.ReceiveCompleteAsync();
            await connection.SendAsync(FrameType.Headers, FrameFlags.EndHeaders, request.StreamId, Hpack.Encode([(":status", "200"), ("content-length", "0")]));
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

    private HttpFixture Create(Uri address, string version, int deadline = 1)
        => new(Log, Version.Parse(version), address, options => options.Deadline = TimeSpan.FromSeconds(deadline));
}
