using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That each attempt sends what the first one sent: what handlers and the runtime have made of the request is no part of it.</summary>
public class RetriedRequestTests : WatchedTest
{
    private const string Unwell = "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n";
    private const string Well = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

    [Fact]
    public async Task Put_HandlerThatAddsHeaders_AddsThemOnceToEachAttempt()
    {
        await using var server = Server();
        var signed = 0;
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, build: builder => builder.AddHttpMessageHandler(() => new OwnHandler(request =>
        {
            signed++;
            request.Headers.Add("Authorization", $"Bearer {signed}");
            request.Headers.Add("X-Attempt", $"id-{signed}");
            request.Headers.Add("X-Caller", "handler");
            request.Content!.Headers.Add("X-Signature", $"signature-{signed}");
            return request;
        })));
        using var request = new HttpRequestMessage(HttpMethod.Put, "/") { Content = new StringContent(""), Headers = { { "X-Caller", "caller" } } };

        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Collection(server.Requests, head => AssertAttempt(head, 1), head => AssertAttempt(head, 2));

        static void AssertAttempt(string head, int attempt)
        {
            var lines = head.Split("\r\n");
            Assert.Contains($"Authorization: Bearer {attempt}", lines);
            Assert.Contains($"X-Attempt: id-{attempt}", lines);
            Assert.Contains("X-Caller: caller, handler", lines);
            Assert.Contains($"X-Signature: signature-{attempt}", lines);
            Assert.Contains("Content-Type: text/plain; charset=utf-8", lines);
            Assert.Contains("Content-Length: 0", lines);
        }
    }

    [Fact]
    public async Task Post_HandlerThatMakesItsKey_HasOneKeyInAllAttempts()
    {
        await using var server = Server();
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, build: builder => builder.AddHttpMessageHandler(() => new OwnHandler(request =>
        {
            if (!request.Headers.Contains("Idempotency-Key"))
            {
                request.Headers.Add("Idempotency-Key", Guid.NewGuid().ToString());
            }

            return request;
        })));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/") { Content = new StringContent("") };
        request.Options.Set(PooledHttpRequestOptions.Idempotent, true);

        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, server.Requests.Count);
        Assert.Single(server.Requests.Select(static head => head.Split("\r\n").Single(static line => line.StartsWith("Idempotency-Key: ", StringComparison.Ordinal))).Distinct());
    }

    [Fact]
    public async Task Get_HandlerThatTagsTheMeasurement_TagsEachAttemptOnceAndOnlyItsOwn()
    {
        await using var server = Server();
        var tagged = 0;
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, build: builder => builder.AddHttpMessageHandler(() => new OwnHandler(request =>
        {
            HttpMetricsEnrichmentContext.AddCallback(request, context =>
            {
                tagged++;
                context.AddCustomTag("attempt", tagged);
            });
            return request;
        })));
        using var durations = new MetricCollector<double>(http.Meters, "System.Net.Http", "http.client.request.duration");

        using var response = await http.Client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(2, tagged);
        Assert.Equal([1, 2], durations.GetMeasurementSnapshot().Select(static measurement => measurement.Tags["attempt"]));
        Assert.All(durations.GetMeasurementSnapshot(), static measurement => Assert.Equal("uploads", measurement.Tags["pooledclients.client"]));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Get_RetryAfterBeyondTheClientsTimeout_GivesTheAnswerAtOnce(bool isScoped)
    {
        await using var server = new RawHttpServer(static _ => "HTTP/1.1 503 Unavailable\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n");
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, build: builder =>
        {
            builder.ConfigureHttpClient(static client => client.Timeout = TimeSpan.FromSeconds(10));
            _ = isScoped ? builder.AsScoped() : builder;
        });
        using var scope = http.Services.CreateScope();
        var client = isScoped ? scope.ServiceProvider.GetRequiredKeyedService<HttpClient>("uploads") : http.Client;

        using var response = await client.GetAsync("/", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Single(server.Requests);
    }

    // Nothing of a request was sent that is given a connection just as that is closed for others' room.
    [Theory]
    [InlineData("POST")]
    [InlineData("GET")]
    public async Task Send_ConnectionClosedForOthersBeforeAByte_IsSentOnAnother(string method)
    {
        await using var server = new RawHttpServer(static _ => Well);
        var closed = 0;
        await using var http = new HttpFixture(
            Log,
            HttpVersion.Version11,
            server.Address,
            static options => options.Resilience.Retry.Enabled = false,
            builder => builder.ConfigurePooledHandler(handler => handler.PlaintextStreamFilter = (context, _) => new(
                Interlocked.Increment(ref closed) == 1 ? new OverStream(context.PlaintextStream) : context.PlaintextStream)));

        using var request = new HttpRequestMessage(new HttpMethod(method), "/") { Content = method == "POST" ? new StringContent("{}") : null };
        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(2, closed);
        Assert.Single(server.Requests);
    }

    private static RawHttpServer Server()
    {
        var unwell = 1;
        return new RawHttpServer(_ => Interlocked.Exchange(ref unwell, 0) == 1 ? Unwell : Well);
    }

    private sealed class OwnHandler(Func<HttpRequestMessage, HttpRequestMessage> change) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => base.SendAsync(change(request), cancellationToken);
    }
}
