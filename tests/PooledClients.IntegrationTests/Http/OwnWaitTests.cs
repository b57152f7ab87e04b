using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Streams;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That what a request waits for in this process opens no breaker, and that its answer is its caller's once a breaker has opened.</summary>
public class OwnWaitTests : WatchedTest
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_NoConnectionBeforeTheDeadline_IsNotHeldAgainstTheServer(bool hasHeaders)
    {
        await using var server = new RawHttpServer(static head => head.StartsWith("GET /held ", StringComparison.Ordinal)
            ? "HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\nok"
            : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, static options =>
        {
            options.Connection.MaxConnections = 1;
            options.Deadline = TimeSpan.FromMilliseconds(500);
            HttpFixture.OpenBreakerEarly(options);
        });
        if (hasHeaders)
        {
            http.Client.DefaultRequestHeaders.Add("x-name", "value");
        }

        using var hold = new HttpRequestMessage(HttpMethod.Get, "/held");
        hold.Options.Set(PooledHttpRequestOptions.Deadline, TimeSpan.FromMinutes(1));
        using (await http.Client.SendAsync(hold, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken))
        {
            var errors = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Record.ExceptionAsync(() => http.Client.GetStringAsync("/", TestContext.Current.CancellationToken)).AsTask()));

            Assert.All(errors, static error => Assert.Contains("waiting for a connection", Assert.IsType<TaskCanceledException>(error).Message, StringComparison.Ordinal));
        }

        Assert.Equal("ok", await http.Client.GetStringAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Put_ItsOwnSourceStallsPastTheDeadline_IsNotHeldAgainstTheServer()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11);
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, static options =>
        {
            options.Deadline = TimeSpan.FromMilliseconds(300);
            HttpFixture.OpenBreakerEarly(options);
        });

        var errors = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => Record.ExceptionAsync(PutAsync).AsTask()));

        Assert.All(errors, static error => Assert.IsType<TaskCanceledException>(error));
        Assert.Equal(HttpApi.Text, await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken));

        async Task PutAsync()
        {
            using var content = new StreamContent(new OpenBodyStream());
            (await http.Client.PutAsync("/echo", content, TestContext.Current.CancellationToken)).Dispose();
        }
    }

    [Theory]
    [InlineData("/cached")]
    [InlineData("/fallback")]
    public async Task Get_AHandlersOwnAnswers_DoNotCountForTheServer(string path)
    {
        Log.Allow("The breaker of");

        // Nobody listens there.
        await using var http = new HttpFixture(Log, HttpVersion.Version11, new Uri("http://127.0.0.1:1"), static options =>
        {
            HttpFixture.OpenBreakerEarly(options);
            options.Resilience.Breaker.FailureRatio = 0.8;
            options.Resilience.Retry.MaxAttempts = 1;
        }, static builder => builder.AddHttpMessageHandler(static () => new Cache()));

        for (var i = 0; i < 20; i++)
        {
            (await http.Client.GetAsync(path, TestContext.Current.CancellationToken)).Dispose();
        }

        await FailAsync();
        await FailAsync();

        Assert.Contains("left alone", (await FailAsync()).Message, StringComparison.Ordinal);

        Task<HttpRequestException> FailAsync() => Assert.ThrowsAsync<HttpRequestException>(() => http.Client.GetAsync("/", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_TheBreakerOpensAfterItsAnswer_GivesTheAnswer()
    {
        Log.Allow("The breaker of");
        const int callers = 10;
        var arrived = 0;
        var all = new TaskCompletionSource();
        await using var server = new RawHttpServer(async (_, _) =>
        {
            if (Interlocked.Increment(ref arrived) == callers)
            {
                all.SetResult();
            }

            await all.Task;
            return "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 4\r\n\r\nbusy";
        });
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, static options =>
        {
            HttpFixture.OpenBreakerEarly(options);
            options.Resilience.Breaker.BreakDuration = TimeSpan.FromMinutes(1);
        });

        var answers = await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => GetAsync()));

        // The one that failed before the breaker opened may have been about to be tried again.
        Assert.InRange(answers.Count(static answer => answer == "busy"), callers - 1, callers);
        Assert.Equal(callers, server.Requests.Count);

        async Task<string?> GetAsync()
        {
            try
            {
                using var answer = await http.Client.GetAsync("/", TestContext.Current.CancellationToken);
                return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            }
            catch (HttpRequestException)
            {
                return null;
            }
        }
    }

    private sealed class Cache : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            try
            {
                return request.RequestUri!.AbsolutePath == "/cached" ? new(HttpStatusCode.OK) : await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException) when (request.RequestUri!.AbsolutePath == "/fallback")
            {
                return new(HttpStatusCode.OK);
            }
        }
    }
}
