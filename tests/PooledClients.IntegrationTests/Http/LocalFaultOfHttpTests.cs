using System.Net;
using System.Net.Sockets;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That what this process does to itself is told as a plain client tells it, not tried again and not held against the server.</summary>
public class LocalFaultOfHttpTests : WatchedTest
{
    [Theory]
    [InlineData("1.1", 64, 150_000)]
    [InlineData("2.0", 4, 10_000)]
    public async Task Get_AnswersHeaderTooLarge_IsToldAsPlainTellsIt(string version, int limit, int length)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        await using var twins = new HttpTwins(Log, server.Address, version, HttpFixture.OpenBreakerEarly, handler => handler.MaxResponseHeadersLength = limit);

        await AssertSameAsync(twins, Get);

        Assert.Equal(2, api.Arrivals[$"GET /headers/{length}"]);
        await AssertBreakerIsClosedAsync(twins, Get);

        HttpRequestMessage Get() => twins.Request(HttpMethod.Get, $"/headers/{length}");
    }

    [Fact]
    public async Task Get_RequestsHeadersOverTheServersLimit_IsToldAsPlainTellsIt()
    {
        const short maxHeaderListSize = 6;
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                await connection.SendAsync(FrameType.Settings, FrameFlags.None, 0, [0, (byte)maxHeaderListSize, 0, 0, 16, 0]);
                while (true)
                {
                    var request = await connection.ReceiveCompleteAsync();
                    await connection.SendAsync(FrameType.Headers, FrameFlags.EndHeaders | FrameFlags.EndStream, request.StreamId, Hpack.Encode([(":status", "200")]));
                }
            },
            tls: false);
        await using var twins = new HttpTwins(Log, server.Address, "2.0", HttpFixture.OpenBreakerEarly);

        // The limit is known once the server has answered something.
        foreach (var client in new[] { twins.Plain, twins.Pooled })
        {
            (await client.GetAsync("/", TestContext.Current.CancellationToken)).Dispose();
        }

        await AssertSameAsync(twins, Large);
        Assert.Equal(2, server.Requests.Count);
        await AssertBreakerIsClosedAsync(twins, Large);

        HttpRequestMessage Large()
        {
            var request = twins.Request(HttpMethod.Get, "/");
            request.Headers.Add("x-large", new string('a', 10_000));
            return request;
        }
    }

    [Fact]
    public async Task Get_ConnectTimeout_IsToldAsPlainTellsIt()
    {
        // Nobody accepts: the second connect waits for the first, which fills the queue, to be taken.
        using var full = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        full.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        full.Listen(0);
        using var first = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await first.ConnectAsync(full.LocalEndPoint!, TestContext.Current.CancellationToken);
        await using var twins = new HttpTwins(
            Log,
            new Uri($"http://{full.LocalEndPoint}"),
            configure: options =>
            {
                HttpFixture.OpenBreakerEarly(options);
                options.Connection.ConnectTimeout = TimeSpan.FromMilliseconds(300);
            },
            handler: static handler => handler.ConnectTimeout = TimeSpan.FromMilliseconds(300));

        var (plain, pooled) = await AssertSameAsync(twins, static () => new HttpRequestMessage(HttpMethod.Get, "/"));

        Assert.IsType<TimeoutException>(plain.InnerException);
        Assert.Contains("ConnectTimeout", pooled.Message, StringComparison.Ordinal);
        await AssertBreakerIsClosedAsync(twins, static () => new HttpRequestMessage(HttpMethod.Get, "/"));
    }

    private static async Task<(Exception Plain, Exception Pooled)> AssertSameAsync(HttpTwins twins, Func<HttpRequestMessage> request)
    {
        var plain = await FailAsync(twins.Plain, request);
        var pooled = await FailAsync(twins.Pooled, request);
        Assert.Equal((plain.GetType(), plain.InnerException?.GetType()), (pooled.GetType(), pooled.InnerException?.GetType()));
        Assert.Equal((plain as HttpRequestException)?.HttpRequestError, (pooled as HttpRequestException)?.HttpRequestError);
        if (plain is HttpRequestException)
        {
            Assert.Equal(plain.Message, pooled.Message);
        }

        return (plain, pooled);
    }

    private static async Task AssertBreakerIsClosedAsync(HttpTwins twins, Func<HttpRequestMessage> request)
    {
        for (var i = 0; i < 4; i++)
        {
            var error = await FailAsync(twins.Pooled, request);
            Assert.DoesNotContain("left alone", error.Message, StringComparison.Ordinal);
        }
    }

    private static async Task<Exception> FailAsync(HttpClient client, Func<HttpRequestMessage> request)
    {
        using var message = request();
        return await Assert.ThrowsAnyAsync<Exception>(() => client.SendAsync(message, TestContext.Current.CancellationToken));
    }
}
