using System.Collections.Concurrent;
using System.Net;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Http;

/// <summary>HTTP/1.1 with more callers than connections, and with connections that end as a request goes out.</summary>
public class SaturationTests : WatchedTest
{
    [Fact]
    public async Task Get_MoreCallersThanConnections_AreServedInOrder()
    {
        var gate = new SemaphoreSlim(0);
        await using var server = new RawHttpServer(async (_, _) =>
        {
            await gate.WaitAsync();
            return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
        });
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, options => options.Connection.MaxConnections = 1);
        var order = new ConcurrentQueue<int>();
        var calls = new List<Task>();
        for (var i = 0; i < 20; i++)
        {
            calls.Add(CallAsync(i));
            if (i == 0)
            {
                await Eventually.EqualAsync(1, () => server.Requests.Count);
            }
        }

        gate.Release(20);
        await Task.WhenAll(calls);

        Assert.Equal(Enumerable.Range(0, 20).Select(static i => $"GET /{i} "), server.Requests.Select(static head => head[..head.IndexOf("HTTP", StringComparison.Ordinal)]));
        Assert.Equal(1, server.Connections);

        async Task CallAsync(int number)
        {
            await http.Client.GetStringAsync($"/{number}", TestContext.Current.CancellationToken);
            order.Enqueue(number);
        }
    }

    [Fact]
    public async Task Get_NoConnectionBeforeTheDeadline_EndsThen()
    {
        await using var server = new RawHttpServer(_ => "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nok");
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, options =>
        {
            options.Connection.MaxConnections = 1;
            options.Deadline = TimeSpan.FromSeconds(1);
        });
        using var holder = await http.Client.GetAsync("/", HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        var error = await Assert.ThrowsAsync<TaskCanceledException>(() => http.Client.GetAsync("/", TestContext.Current.CancellationToken));

        Assert.IsType<TimeoutException>(error.InnerException);
    }

    [Theory]
    [InlineData("POST", false, 1)]
    [InlineData("POST", true, 1)]
    [InlineData("PATCH", false, 1)]
    [InlineData("GET", false, 2)]
    [InlineData("PUT", true, 2)]
    [InlineData("DELETE", false, 2)]
    public async Task Send_ServerClosesAsItArrives_IsSentAgainWhereItMayBe(string method, bool withContent, int arrivals)
    {
        // The first request keeps the connection, the second is read and never answered.
        await using var server = new RawHttpServer(head => head.Contains(" /first ", StringComparison.Ordinal) || Interlocked.Increment(ref _seconds) > 1
            ? "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            : RawHttpServer.End);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        (await http.Client.GetAsync("/first", TestContext.Current.CancellationToken)).Dispose();
        using var request = new HttpRequestMessage(new HttpMethod(method), "/second") { Content = withContent ? new ByteArrayContent([]) : null };

        if (arrivals == 1)
        {
            await Assert.ThrowsAsync<HttpRequestException>(() => http.Client.SendAsync(request, TestContext.Current.CancellationToken));
        }
        else
        {
            using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }

        Assert.Equal(arrivals, _seconds);
    }

    private int _seconds;
}
