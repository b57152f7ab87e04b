using Microsoft.Extensions.DependencyInjection;
using PooledClients.TestBed.Logs;

namespace PooledClients.IntegrationTests.Http;

/// <summary>One client, or several, that send to more hosts than there is room for connections.</summary>
public class MoreHostsThanRoomTests : WatchedTest
{
    private const int Budget = 4;

    // Far below what idle connections live without it.
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task Send_HostsInTurn_TakesTheRoomOfThoseThatNobodyUses(string method)
    {
        await using var server = new RawHttpServer(static _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", everyLoopback: true);
        await using var services = Create();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("crawler");

        for (var host = 1; host <= 5 * Budget; host++)
        {
            await SendAsync(client, method, server, host);
        }

        Assert.InRange(services.GetRequiredService<IPooledClientsDiagnostics>().Capture().Descriptors.Connections, 1, Budget);
    }

    [Fact]
    public async Task Send_HostsByManyAtOnce_FailsNone()
    {
        await using var server = new RawHttpServer(static _ => "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", everyLoopback: true);
        await using var services = Create();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("crawler");

        // Requests that are sent once: each that were given a connection as it is closed would fail.
        await Task.WhenAll(Enumerable.Range(0, 2 * Budget).Select(async caller =>
        {
            for (var i = 0; i < 100; i++)
            {
                await SendAsync(client, "POST", server, ((caller * 7) + i) % (3 * Budget) + 1);
            }
        }));
    }

    [Fact]
    public async Task Read_BodyOfAHostWhileOthersTakeRoom_ComesToItsEnd()
    {
        var goOn = new TaskCompletionSource();
        await using var server = new RawHttpServer(
            async (head, stream) =>
            {
                if (!head.StartsWith("GET /long", StringComparison.Ordinal))
                {
                    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                }

                await stream.WriteAsync("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlo"u8.ToArray());
                await goOn.Task;
                return "ng";
            },
            everyLoopback: true);
        await using var services = Create();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("crawler");
        using var response = await client.GetAsync(
            new Uri($"http://127.2.1.1:{server.Address.Port}/long"), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);

        for (var host = 1; host <= 3 * Budget; host++)
        {
            await SendAsync(client, "GET", server, host);
        }

        goOn.SetResult();
        Assert.Equal("long", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static async Task SendAsync(HttpClient client, string method, RawHttpServer server, int host)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://127.2.0.{host}:{server.Address.Port}/");
        request.Content = method == "POST" ? new StringContent("{}") : null;
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("ok", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static ServiceProvider Create() => new ServiceCollection()
        .ConfigurePooledClients(static options => options.Descriptors.MaxConnections = Budget)
        .AddPooledHttpClient("crawler", static options => options.Deadline = Deadline)
        .Services.BuildServiceProvider();
}
