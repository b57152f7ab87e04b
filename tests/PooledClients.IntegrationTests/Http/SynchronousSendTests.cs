using System.Collections.Concurrent;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Processes;

namespace PooledClients.IntegrationTests.Http;

/// <summary>That a synchronous send asks each handler synchronously, and works where all threads of the pool do it.</summary>
public class SynchronousSendTests : WatchedTest
{
    private const int Items = 60;
    private const int Sends = 5;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Send_OnPoolThreads_FailsNone(bool tls)
    {
        await using var server = new RawHttpServer(
            async (_, _) =>
            {
                await Task.Delay(50);
                return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            },
            tls);

        // In a process of its own, for it takes every thread there is.
        (await ChildProcess.RunAsync(SendOnPoolThreadsAsync, descriptorLimit: null, server.Address.ToString(), TestAuthority.Shared.Pem)).AssertSucceeded();

        Assert.Equal(Items * Sends, server.Requests.Count);
    }

    [Fact]
    public async Task Send_HandlersInBetween_AreAskedSynchronously()
    {
        await using var server = new RawHttpServer(_ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
        var handler = new Counter();
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address, build: builder => builder.AddHttpMessageHandler(() => handler));

        await Task.Run(() => http.Client.Send(new HttpRequestMessage(HttpMethod.Get, "/")).Dispose(), TestContext.Current.CancellationToken);

        Assert.Equal((1, 0), (handler.Synchronous, handler.Asynchronous));
    }

    [Fact]
    public async Task Send_ServerUnavailable_IsTriedAgainOnTheCallersThread()
    {
        Log.Allow("tried again");
        var answers = new ConcurrentQueue<string>(["503 Busy", "200 OK"]);
        await using var server = new RawHttpServer(_ => $"HTTP/1.1 {(answers.TryDequeue(out var answer) ? answer : "500 No")}\r\nContent-Length: 0\r\n\r\n");
        await using var http = new HttpFixture(Log, HttpVersion.Version11, server.Address);

        var status = await Task.Run(() => http.Client.Send(new HttpRequestMessage(HttpMethod.Get, "/")).StatusCode, TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.OK, status);
    }

    private static async Task SendOnPoolThreadsAsync(string[] args)
    {
        await using var services = new ServiceCollection()
            .AddPooledHttpClient(options =>
            {
                options.BaseAddress = new Uri(args[0]);
                options.Tls.CaCertificatePem = options.BaseAddress.Scheme == Uri.UriSchemeHttps ? args[1] : null;
            })
            .Services.BuildServiceProvider();
        var client = services.GetRequiredService<HttpClient>();
        await Task.WhenAll(Enumerable.Range(0, Items).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < Sends; i++)
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, "/");
                using var response = client.Send(request, CancellationToken.None);
                using var reader = new StreamReader(response.Content.ReadAsStream(CancellationToken.None));
                Assert.Equal("ok", reader.ReadToEnd());
            }
        })));
    }

    private sealed class Counter : DelegatingHandler
    {
        public int Synchronous { get; private set; }

        public int Asynchronous { get; private set; }

        protected override HttpResponseMessage Send(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Synchronous++;
            return base.Send(request, cancellationToken);
        }

        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Asynchronous++;
            return base.SendAsync(request, cancellationToken);
        }
    }
}
