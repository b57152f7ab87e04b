using System.Net;
using System.Net.Sockets;
using PooledClients.Resilience;

namespace PooledClients.Tests.Http;

/// <summary>When an authority is left alone, and when not.</summary>
public sealed class HttpBreakerTests
{
    private int _sent;
    private Func<HttpResponseMessage> _answer = static () => new HttpResponseMessage();

    [Fact]
    public async Task Post_ServerOnlyFails_OpensAndProbesAndCloses()
    {
        using var pipeline = Create();
        _answer = static () => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        await PostAsync(pipeline, 20);

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(pipeline, 1));
        Assert.IsType<BreakerOpenException>(error.InnerException);
        Assert.Contains("api.internal is left alone for another 0.5 s", error.Message, StringComparison.Ordinal);
        Assert.Equal(20, _sent);

        pipeline.Time.Advance(TimeSpan.FromMilliseconds(500));
        _answer = static () => new HttpResponseMessage();
        await PostAsync(pipeline, 2);
        Assert.Equal(22, _sent);
        Assert.Equal([303, 304], pipeline.Logs.GetSnapshot().Select(static record => record.Id.Id));
    }

    [Fact]
    public async Task Post_ServerFailsHalfTheTime_StaysClosed()
    {
        using var pipeline = Create();
        _answer = () => new HttpResponseMessage(_sent % 2 == 0 ? HttpStatusCode.ServiceUnavailable : HttpStatusCode.OK);

        await PostAsync(pipeline, 200);

        Assert.Equal(200, _sent);
    }

    [Fact]
    public async Task Post_LocalFaults_NeverOpen()
    {
        using var pipeline = Create();
        _answer = static () => throw new HttpRequestException(HttpRequestError.ConnectionError, null, new SocketException(23));

        for (var i = 0; i < 100; i++)
        {
            var error = await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(pipeline, 1));
            Assert.IsType<SocketException>(error.InnerException);
        }

        Assert.Equal(100, _sent);
    }

    [Fact]
    public async Task Post_CallersMistakes_NeverOpen()
    {
        using var pipeline = Create();
        _answer = static () => new HttpResponseMessage(HttpStatusCode.BadRequest);

        await PostAsync(pipeline, 100);

        Assert.Equal(100, _sent);
    }

    [Fact]
    public async Task Post_AnotherAuthority_IsNotLeftAlone()
    {
        using var pipeline = Create();
        _answer = static () => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        await PostAsync(pipeline, 20);
        _answer = static () => new HttpResponseMessage();

        using var response = await pipeline.Client.PostAsync("https://other.internal/", null, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task Post_NoBreakerWanted_NeverOpens()
    {
        using var pipeline = Create(options => options.Resilience.Breaker.Enabled = false);
        _answer = static () => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);

        await PostAsync(pipeline, 100);

        Assert.Equal(100, _sent);
    }

    [Fact]
    public async Task Post_ServerNeverAnswers_Opens()
    {
        using var pipeline = CreateSilent();
        for (var i = 0; i < 20; i++)
        {
            var call = pipeline.Client.PostAsync("/", null, TestContext.Current.CancellationToken);
            pipeline.Time.Advance(TimeSpan.FromMilliseconds(10));
            await Assert.ThrowsAsync<TaskCanceledException>(() => call);
        }

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(pipeline, 1));

        Assert.IsType<BreakerOpenException>(error.InnerException);
        Assert.Equal(20, _sent);
    }

    // It may be shorter than any server takes.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Post_DeadlineOfTheCallersOwnPasses_NeverOpens(bool isAmbient)
    {
        using var pipeline = CreateSilent();

        for (var i = 0; i < 40; i++)
        {
            await AssertDeadlinePassesAsync(pipeline, isAmbient);
        }

        Assert.Equal(40, _sent);
    }

    [Fact]
    public async Task Post_ProbeRunsOutOfItsDeadline_LetsTheNextProbe()
    {
        using var pipeline = CreateSilent();
        for (var i = 0; i < 20; i++)
        {
            await AssertDeadlinePassesAsync(pipeline, isAmbient: null);
        }

        pipeline.Time.Advance(TimeSpan.FromMilliseconds(500));
        await AssertDeadlinePassesAsync(pipeline, isAmbient: null);
        await AssertDeadlinePassesAsync(pipeline, isAmbient: null);

        Assert.Equal(22, _sent);
    }

    [Fact]
    public async Task Post_UserInfoInTheAddress_IsToldNowhereAndIsTheSameAuthority()
    {
        using var pipeline = Create();
        _answer = static () => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        for (var i = 0; i < 20; i++)
        {
            using var response = await pipeline.Client.PostAsync("https://user:secret@api.internal/", null, TestContext.Current.CancellationToken);
        }

        var error = await Assert.ThrowsAsync<HttpRequestException>(() => PostAsync(pipeline, 1));

        Assert.Equal("https://api.internal", Assert.IsType<BreakerOpenException>(error.InnerException).Address);
        Assert.DoesNotContain("secret", error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(pipeline.Logs.GetSnapshot(), static record => record.Message.Contains("secret", StringComparison.Ordinal));
    }

    private static async Task AssertDeadlinePassesAsync(HttpPipeline pipeline, bool? isAmbient)
    {
        using var scope = isAmbient == true ? CallDeadline.Begin(pipeline.Time.GetUtcNow().UtcDateTime.AddMilliseconds(2)) : null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/");
        if (isAmbient == false)
        {
            request.Options.Set(PooledHttpRequestOptions.Deadline, TimeSpan.FromMilliseconds(2));
        }

        var call = pipeline.Client.SendAsync(request, TestContext.Current.CancellationToken);
        pipeline.Time.Advance(TimeSpan.FromMilliseconds(isAmbient is null ? 10 : 2));
        await Assert.ThrowsAsync<TaskCanceledException>(() => call);
    }

    private HttpPipeline CreateSilent() => new(
        async (_, cancellationToken) =>
        {
            _sent++;
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            throw new InvalidOperationException();
        },
        static options => options.Deadline = TimeSpan.FromMilliseconds(10));

    private static async Task PostAsync(HttpPipeline pipeline, int times)
    {
        for (var i = 0; i < times; i++)
        {
            using var response = await pipeline.Client.PostAsync("/", null, TestContext.Current.CancellationToken);
        }
    }

    private HttpPipeline Create(Action<PooledHttpClientOptions>? configure = null)
        => new(
            (_, _) =>
            {
                _sent++;
                return Task.FromResult(_answer());
            },
            configure);
}
