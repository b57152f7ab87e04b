using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
using System.Security.Authentication;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using PooledClients.Connections.Wire;
using PooledClients.TestBed.Streams;

namespace PooledClients.Tests.Http;

/// <summary>Which requests are sent again, when, and how often.</summary>
public sealed class HttpRetryTests : IDisposable
{
    private readonly ConcurrentQueue<Func<HttpResponseMessage>> _answers = new();
    private readonly List<HttpPipeline> _pipelines = [];
    private int _sent;

    public static TheoryData<string, HttpContent?, bool> Requests => new()
    {
        { "GET", null, true },
        { "HEAD", null, true },
        { "OPTIONS", null, true },
        { "TRACE", null, true },
        { "DELETE", null, true },
        { "PUT", null, true },
        { "PUT", new StringContent("x"), true },
        { "PUT", new ByteArrayContent([1]), true },
        { "PUT", new ReadOnlyMemoryContent(new byte[1]), true },
        { "PUT", new FormUrlEncodedContent([new("a", "b")]), true },
        { "PUT", JsonContent.Create(new[] { 1 }), true },
        { "PUT", new MultipartContent { new StringContent("x") }, true },
        { "PUT", JsonContent.Create(Lazily()), false },
        { "PUT", JsonContent.Create(LazilyAsync()), false },
        { "PUT", new StreamContent(new MemoryStream()), false },
        { "PUT", new MultipartContent { new StreamContent(new MemoryStream()) }, false },
        { "POST", null, false },
        { "POST", new StringContent("x"), false },
        { "PATCH", new StringContent("x"), false },
    };

    public static TheoryData<Exception, bool> Failures => new()
    {
        { new HttpRequestException(HttpRequestError.ConnectionError), true },
        { new HttpRequestException(HttpRequestError.NameResolutionError), true },
        { new HttpRequestException(HttpRequestError.ResponseEnded), true },
        { new HttpRequestException("", new IOException()), true },
        { new TaskCanceledException("", new TimeoutException()), true },
        { new HttpRequestException(HttpRequestError.SecureConnectionError, null, new IOException()), true },
        { new HttpRequestException(HttpRequestError.SecureConnectionError, null, new AuthenticationException()), false },
        { new HttpRequestException(HttpRequestError.ResponseEnded, null, new IdentityRefusedException("refused", null)), false },
        { new HttpRequestException(HttpRequestError.InvalidResponse), false },
        { new HttpRequestException(HttpRequestError.ConnectionError, null, new SocketException(23)), false },
        { new HttpRequestException(HttpRequestError.ConnectionError, null, new SocketException(-131074)), false },
        { new HttpRequestException("", new ObjectDisposedException("")), false },
        { new InvalidOperationException(), false },
    };

    [Theory]
    [MemberData(nameof(Requests))]
    public async Task Send_Unavailable_IsSentAgainWhenItMayBe(string method, HttpContent? content, bool again)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/") { Content = content };
        Answer(HttpStatusCode.ServiceUnavailable);

        using var response = await SendAsync(Create(), request);

        Assert.Equal((again ? 2 : 1, again ? HttpStatusCode.OK : HttpStatusCode.ServiceUnavailable), (_sent, response.StatusCode));
    }

    [Theory]
    [InlineData("POST", true, 2)]
    [InlineData("GET", false, 1)]
    public async Task Send_RequestSaysWhetherItIsIdempotent_IsBelieved(string method, bool isIdempotent, int sent)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/");
        request.Options.Set(PooledHttpRequestOptions.Idempotent, isIdempotent);
        Answer(HttpStatusCode.ServiceUnavailable);

        using var response = await SendAsync(Create(), request);

        Assert.Equal(sent, _sent);
    }

    [Theory]
    [InlineData(408, true)]
    [InlineData(429, true)]
    [InlineData(500, true)]
    [InlineData(502, true)]
    [InlineData(503, true)]
    [InlineData(504, true)]
    [InlineData(501, false)]
    [InlineData(505, false)]
    [InlineData(400, false)]
    [InlineData(404, false)]
    [InlineData(200, false)]
    public async Task Get_Status_IsTransientOrNot(int status, bool again)
    {
        Answer((HttpStatusCode)status);

        using var response = await GetAsync(Create());

        Assert.Equal(again ? 2 : 1, _sent);
    }

    [Theory]
    [MemberData(nameof(Failures))]
    public async Task Get_Exception_IsTransientOrNot(Exception failure, bool again)
    {
        _answers.Enqueue(() => throw failure);

        var error = await Record.ExceptionAsync(async () => (await GetAsync(Create())).Dispose());

        Assert.Equal((again ? 2 : 1, !again), (_sent, error is not null));
    }

    [Fact]
    public async Task Get_AlwaysFailing_IsGivenUpAfterThreeRetries()
    {
        Answer([.. Enumerable.Repeat(HttpStatusCode.ServiceUnavailable, 10)]);

        using var response = await GetAsync(Create());

        Assert.Equal((4, HttpStatusCode.ServiceUnavailable), (_sent, response.StatusCode));
    }

    [Fact]
    public async Task Get_SwitchedOff_IsSentOnce()
    {
        Answer(HttpStatusCode.ServiceUnavailable);

        using var response = await GetAsync(Create(options => options.Resilience.Retry.Enabled = false));

        Assert.Equal(1, _sent);
    }

    [Fact]
    public async Task Get_RetryAfterInSeconds_IsHonoured()
    {
        AnswerRetryAfter(new RetryConditionHeaderValue(TimeSpan.FromSeconds(7)));
        var pipeline = Create();
        var call = pipeline.Client.GetAsync("/", TestContext.Current.CancellationToken);

        pipeline.Time.Advance(TimeSpan.FromSeconds(6.9));
        Assert.Equal(1, _sent);
        pipeline.Time.Advance(TimeSpan.FromSeconds(0.1));

        using var response = await call;
        Assert.Equal((2, HttpStatusCode.OK), (_sent, response.StatusCode));
    }

    [Fact]
    public async Task Get_RetryAfterADate_IsHonoured()
    {
        var pipeline = Create();
        var at = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        pipeline.Time.SetUtcNow(at);
        AnswerRetryAfter(new RetryConditionHeaderValue(at.AddSeconds(20)));
        var call = pipeline.Client.GetAsync("/", TestContext.Current.CancellationToken);

        pipeline.Time.Advance(TimeSpan.FromSeconds(19));
        Assert.Equal(1, _sent);
        pipeline.Time.Advance(TimeSpan.FromSeconds(1));

        using var response = await call;
        Assert.Equal(2, _sent);
    }

    [Theory]
    [InlineData(30, 31)]
    [InlineData(null, 3)]
    public async Task Get_RetryAfterBeyondTheDeadline_GivesTheAnswerAtOnce(int? deadline, int retryAfter)
    {
        AnswerRetryAfter(new RetryConditionHeaderValue(TimeSpan.FromSeconds(retryAfter)));
        var pipeline = Create(options => options.Deadline = deadline is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

        using var response = await pipeline.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal((1, HttpStatusCode.ServiceUnavailable), (_sent, response.StatusCode));
    }

    [Fact]
    public async Task Get_DeadlineWhileWaitingToTryAgain_NamesThePhase()
    {
        AnswerRetryAfter(new RetryConditionHeaderValue(TimeSpan.FromSeconds(20)));
        var pipeline = Create(options => options.Deadline = TimeSpan.FromSeconds(30));
        var call = pipeline.Client.GetAsync("/", TestContext.Current.CancellationToken);
        AnswerRetryAfter(new RetryConditionHeaderValue(TimeSpan.FromSeconds(10)));

        pipeline.Time.Advance(TimeSpan.FromSeconds(20));
        pipeline.Time.Advance(TimeSpan.FromSeconds(10));

        var error = await Record.ExceptionAsync(() => call);
        Assert.True(error is null || error.Message.Contains("waiting to try again", StringComparison.Ordinal), error?.Message);
    }

    [Fact]
    public async Task Get_Redirected_IsNotSentAgainElsewhere()
    {
        var pipeline = new HttpPipeline((request, _) =>
        {
            _sent++;
            request.RequestUri = new Uri("https://elsewhere.internal/");
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.ServiceUnavailable));
        });
        _pipelines.Add(pipeline);

        using var response = await GetAsync(pipeline);

        Assert.Equal(1, _sent);
    }

    [Fact]
    public async Task Get_ServerDown_SendsAFifthAndTenASecondOnTop()
    {
        const int calls = 200;
        var pipeline = Create(options => options.Resilience.Breaker.Enabled = false);
        using var retries = new MetricCollector<long>(pipeline.Meters, "PooledClients", "pooledclients.http.retries", pipeline.Time);
        using var refused = new MetricCollector<long>(pipeline.Meters, "PooledClients", "pooledclients.http.retries.refused", pipeline.Time);
        Answer([.. Enumerable.Repeat(HttpStatusCode.ServiceUnavailable, calls * 4)]);

        // All have failed once before the clock moves.
        var all = Task.WhenAll(Enumerable.Range(0, calls).Select(_ => pipeline.Client.GetAsync("/", TestContext.Current.CancellationToken)).ToList());
        while (!all.IsCompleted)
        {
            pipeline.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        var seconds = (pipeline.Time.GetUtcNow() - pipeline.Time.Start).TotalSeconds;
        Assert.InRange(_sent - calls, 1, (0.2 * calls) + (10 * (seconds + 1)));
        Assert.Equal(_sent - calls, retries.GetMeasurementSnapshot().Count);
        Assert.NotEmpty(refused.GetMeasurementSnapshot());
    }

    [Fact]
    public async Task Retry_FailedAnswer_IsDisposed()
    {
        var body = new OpenBodyStream();
        _answers.Enqueue(() => new HttpResponseMessage(HttpStatusCode.ServiceUnavailable) { Content = new StreamContent(body) });

        using var response = await GetAsync(Create());

        Assert.True(body.IsDisposed);
    }

    public void Dispose()
    {
        foreach (var pipeline in _pipelines)
        {
            pipeline.Dispose();
        }
    }

    private static IEnumerable<int> Lazily()
    {
        yield return 1;
    }

    private static async IAsyncEnumerable<int> LazilyAsync()
    {
        await Task.Yield();
        yield return 1;
    }

    private HttpPipeline Create(Action<PooledHttpClientOptions>? configure = null)
    {
        var pipeline = new HttpPipeline(
            (_, _) =>
            {
                Interlocked.Increment(ref _sent);
                return Task.FromResult(_answers.TryDequeue(out var answer) ? answer() : new HttpResponseMessage());
            },
            configure);
        _pipelines.Add(pipeline);
        return pipeline;
    }

    private void Answer(params HttpStatusCode[] statuses)
    {
        foreach (var status in statuses)
        {
            _answers.Enqueue(() => new HttpResponseMessage(status));
        }
    }

    private void AnswerRetryAfter(RetryConditionHeaderValue retryAfter) => _answers.Enqueue(() =>
    {
        var response = new HttpResponseMessage(HttpStatusCode.ServiceUnavailable);
        response.Headers.RetryAfter = retryAfter;
        return response;
    });

    private static Task<HttpResponseMessage> GetAsync(HttpPipeline pipeline) => SendAsync(pipeline, new HttpRequestMessage(HttpMethod.Get, "/"));

    // Lets the clock run through the pauses.
    private static async Task<HttpResponseMessage> SendAsync(HttpPipeline pipeline, HttpRequestMessage request)
    {
        var call = pipeline.Client.SendAsync(request, TestContext.Current.CancellationToken);
        while (!call.IsCompleted)
        {
            pipeline.Time.Advance(TimeSpan.FromMilliseconds(100));
            await Task.Yield();
        }

        return await call;
    }
}
