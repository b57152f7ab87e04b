using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using Fault = System.Func<System.Net.Http.HttpClient, System.Version, System.Threading.Tasks.Task<System.Net.Http.HttpResponseMessage>>;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That what goes wrong before a request is sent, or in the caller's own code, costs one attempt each time and the server's breaker nothing.</summary>
public class UnsentFaultTests : WatchedTest
{
    private const int Faults = 30;

    private static readonly Dictionary<string, Fault> Sends = new(StringComparer.Ordinal)
    {
        ["a header that is not ASCII"] = static (client, version) =>
        {
            var request = Request(HttpMethod.Get, version);
            request.Headers.TryAddWithoutValidation("x-name", "\u00fc\u4e2d");
            return client.SendAsync(request);
        },
        ["a content shorter than its length"] = static (client, version) => PutAsync(client, version, new ByteArrayContent([1, 2, 3]), 10),
        ["a content longer than its length"] = static (client, version) => PutAsync(client, version, new ByteArrayContent([1, 2, 3]), 2),
        ["a stream that fails"] = static (client, version) => PutAsync(client, version, new StreamContent(new FailingStream())),
        ["a stream that is disposed"] = static (client, version) => PutAsync(client, version, new StreamContent(new FailingStream(new ObjectDisposedException("HttpRequestStream")))),
        ["HttpRequestException in a handler"] = static (client, version) => client.SendAsync(Request(HttpMethod.Get, version, "HttpRequestException")),
        ["FileNotFoundException in a handler"] = static (client, version) => client.SendAsync(Request(HttpMethod.Get, version, "FileNotFoundException")),
        ["TimeoutException in a handler"] = static (client, version) => client.SendAsync(Request(HttpMethod.Get, version, "TimeoutException")),
        ["a handler that fails after the answer"] = static (client, version) => client.SendAsync(Request(HttpMethod.Get, version, "after")),
        ["a handler that waits past the deadline"] = static (client, version) => LateAsync(client, Request(HttpMethod.Get, version, "waits")),
        ["a handler that waits past the deadline after the answer"] = static (client, version) => LateAsync(client, Request(HttpMethod.Get, version, "waits after")),
    };

    public static TheoryData<string, string> All
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var fault in Sends.Keys)
            {
                data.Add("1.1", fault);
                data.Add("2.0", fault);
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task Send_FaultOfThisProcess_IsNeitherRetriedNorHeldAgainstTheServer(string version, string fault)
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(Version.Parse(version));
        var sent = 0;
        await using var http = new HttpFixture(Log, Version.Parse(version), server.Address, build: builder => builder.AddHttpMessageHandler(() => new FaultyHandler(() => sent++)));

        for (var i = 0; i < Faults; i++)
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(() => Sends[fault](http.Client, Version.Parse(version)));
            Assert.DoesNotContain("left alone", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(Faults, sent);
        Assert.InRange(api.Arrivals.Values.Sum(), 0, Faults);
        Assert.Equal(HttpApi.Text, await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Send_Http2OnlyToAServerThatNegotiatesNone_IsNeitherRetriedNorHeldAgainstIt()
    {
        var api = new HttpApi();
        await using var server = await api.StartAsync(HttpVersion.Version11, tls: true);
        var sent = 0;
        await using var http = new HttpFixture(
            Log,
            HttpVersion.Version11,
            server.Address,
            static options => options.Tls.CaCertificatePem = TestAuthority.Shared.Pem,
            builder => builder.AddHttpMessageHandler(() => new FaultyHandler(() => sent++)));
        var breaks = 0;
        for (var i = 0; i < Faults; i++)
        {
            var error = await Assert.ThrowsAnyAsync<Exception>(() => http.Client.SendAsync(Request(HttpMethod.Get, HttpVersion.Version20), TestContext.Current.CancellationToken));
            breaks += error.Message.Contains("left alone", StringComparison.Ordinal) ? 1 : 0;
        }

        Assert.Equal((Faults, 0), (sent, breaks));
        Assert.Equal(HttpApi.Text, await http.Client.GetStringAsync("/text", TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Get_RedirectOnTheSameServerThen503_BeginsAgainWithItsAuthorization()
    {
        var unwell = 1;
        await using var server = new RawHttpServer(head => head.StartsWith("GET /a ", StringComparison.Ordinal)
            ? "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: 0\r\n\r\n"
            : Interlocked.Exchange(ref unwell, 0) == 1 ? "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/a") { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", "t") } };

        using var response = await http.Client.SendAsync(request, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var heads = server.Requests.ToArray();
        Assert.Equal(["/a", "/b", "/a", "/b"], heads.Select(static head => head.Split(' ')[1]));
        Assert.Contains("Authorization: Bearer t", heads[2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_HandlerRewritesThePath_IsRetried()
    {
        var unwell = 1;
        await using var server = new RawHttpServer(_ => Interlocked.Exchange(ref unwell, 0) == 1 ? "HTTP/1.1 503 Unavailable\r\nContent-Length: 0\r\n\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, build: static builder => builder.AddHttpMessageHandler(static () => new KeyHandler()));

        using var response = await http.Client.GetAsync("/a", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal(["/a?key=1", "/a?key=1"], server.Requests.Select(static head => head.Split(' ')[1]));
    }

    private static HttpRequestMessage Request(HttpMethod method, Version version, string? fault = null)
    {
        var request = new HttpRequestMessage(method, "/text") { Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Options.Set(FaultyHandler.Fault, fault ?? "");
        return request;
    }

    private static Task<HttpResponseMessage> PutAsync(HttpClient client, Version version, HttpContent content, long? length = null)
    {
        var request = Request(HttpMethod.Put, version);
        request.RequestUri = new Uri("/echo", UriKind.Relative);
        request.Content = content;
        if (length is not null)
        {
            content.Headers.ContentLength = length;
        }

        return client.SendAsync(request);
    }

    private static Task<HttpResponseMessage> LateAsync(HttpClient client, HttpRequestMessage request)
    {
        request.Options.Set(PooledHttpRequestOptions.Deadline, TimeSpan.FromMilliseconds(100));
        return client.SendAsync(request);
    }

    private sealed class FaultyHandler(Action sent) : DelegatingHandler
    {
        public static readonly HttpRequestOptionsKey<string> Fault = new("fault");

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (!request.Options.TryGetValue(Fault, out var fault))
            {
                return await base.SendAsync(request, cancellationToken);
            }

            sent();
            switch (fault)
            {
                case "HttpRequestException":
                    throw new HttpRequestException(HttpRequestError.ConnectionError, "The token endpoint does not answer.", new System.Net.Sockets.SocketException());
                case "FileNotFoundException":
                    throw new FileNotFoundException("The key is not there.");
                case "TimeoutException":
                    throw new TimeoutException("The lock was not free.");
                case "waits":
                    await Task.Delay(Timeout.Infinite, cancellationToken);
                    break;
            }

            var response = await base.SendAsync(request, cancellationToken);
            if (fault == "after")
            {
                response.Dispose();
                throw new HttpRequestException(HttpRequestError.ConnectionError, "The token endpoint does not answer.");
            }

            if (fault == "waits after")
            {
                await Task.Delay(Timeout.Infinite, cancellationToken);
            }

            return response;
        }
    }

    private sealed class KeyHandler : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(request.RequestUri!, request.RequestUri!.AbsolutePath + "?key=1");
            return base.SendAsync(request, cancellationToken);
        }
    }

    private sealed class FailingStream(Exception? failure = null) : MemoryStream
    {
        public override bool CanSeek => false;

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => throw failure ?? new IOException("The disk is gone.");

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) => throw failure ?? new IOException("The disk is gone.");

        public override Task CopyToAsync(Stream destination, int bufferSize, CancellationToken cancellationToken) => throw failure ?? new IOException("The disk is gone.");
    }
}
