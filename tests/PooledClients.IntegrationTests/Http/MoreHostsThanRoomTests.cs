using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections.Budget;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;

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
        using var opening = new Opening(goOn);
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

    // Each connection was an ordinary request's before.
    [Theory]
    [InlineData("http")]
    [InlineData("ws")]
    public async Task Upgrade_ConnectionsThatTakeAllRoom_OutliveARequestToAnotherHost(string scheme)
    {
        var goOn = new TaskCompletionSource();
        await using var server = new RawHttpServer(
            async (head, stream) =>
            {
                if (!head.StartsWith("GET /upgrade", StringComparison.Ordinal))
                {
                    return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
                }

                await stream.WriteAsync("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\nhe"u8.ToArray());
                await goOn.Task;
                return "llo";
            },
            everyLoopback: true);
        await using var services = Create();
        using var opening = new Opening(goOn);
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("crawler");
        var streams = new List<Stream>();
        for (var i = 0; i < Budget; i++)
        {
            await SendAsync(client, "GET", server, host: 1);
            using var request = new HttpRequestMessage(HttpMethod.Get, $"{scheme}://127.2.0.1:{server.Address.Port}/upgrade") { Headers = { Connection = { "Upgrade" }, Upgrade = { new("echo") } } };
            var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
            streams.Add(await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        }

        var other = SendAsync(client, "GET", server, host: 2);
        await WaitsForRoomAsync(services);

        goOn.SetResult();
        foreach (var stream in streams)
        {
            var five = new byte[5];
            await stream.ReadExactlyAsync(five, TestContext.Current.CancellationToken);
            Assert.Equal("hello"u8.ToArray(), five);
            await stream.DisposeAsync();
        }

        await other;
    }

    [Fact]
    public async Task Send_HostsInTurnWhileOneTakesItsTime_TakesTheRoomOfThoseThatNobodyUses()
    {
        var goOn = new TaskCompletionSource();
        await using var server = new RawHttpServer((head, _) => HoldAsync(head, goOn.Task), everyLoopback: true);
        await using var services = Create();
        using var opening = new Opening(goOn);
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("crawler");
        var held = SendAsync(client, "GET", server, host: 100, "hold");

        for (var host = 1; host <= 3 * Budget; host++)
        {
            await SendAsync(client, "GET", server, host);
        }

        goOn.SetResult();
        await held;
    }

    // The last hosts' requests wait for headers, the redirecting host closes its connection: only the one that the redirected request has
    // been given, at a host that it was not sent to, looks unused.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Redirect_ToAConnectionThatIsThere_HasItWhileAnotherHostWaitsForRoom(bool hasHeader)
    {
        var goOn = new TaskCompletionSource();
        var arrived = 0;
        await using var server = new RawHttpServer(
            (head, _) =>
            {
                if (head.StartsWith("GET /away", StringComparison.Ordinal))
                {
                    return Task.FromResult<string?>($"HTTP/1.1 302 Found\r\nLocation: {Address(head, 1)}hold\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" + RawHttpServer.End);
                }

                Interlocked.Add(ref arrived, head.StartsWith("GET /hold", StringComparison.Ordinal) ? 1 : 0);
                return HoldAsync(head, goOn.Task);
            },
            everyLoopback: true);
        await using var services = Create();
        using var opening = new Opening(goOn);
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("crawler");
        if (hasHeader)
        {
            client.DefaultRequestHeaders.Add("X-Any", "value");
        }

        await SendAsync(client, "GET", server, host: 1);
        var redirected = SendAsync(client, "GET", server, host: 2, "away");
        await Eventually.EqualAsync(1, () => Volatile.Read(ref arrived));
        var held = Enumerable.Range(3, Budget - 1).Select(host => SendAsync(client, "GET", server, host, "hold")).ToList();
        await Eventually.EqualAsync(Budget, () => Volatile.Read(ref arrived));

        var other = SendAsync(client, "GET", server, host: 100);
        await WaitsForRoomAsync(services);

        goOn.SetResult();
        await Task.WhenAll([redirected, other, .. held]);
    }

    [Fact]
    public async Task Redirect_ToAHostWithoutConnection_TakesTheRoomOfThoseThatNobodyUses()
    {
        await using var server = new RawHttpServer(
            static head => head.StartsWith("GET /away", StringComparison.Ordinal)
                ? $"HTTP/1.1 302 Found\r\nLocation: {Address(head, 100)}\r\nContent-Length: 0\r\n\r\n"
                : "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
            everyLoopback: true);
        await using var services = Create();
        using var client = services.GetRequiredService<IHttpClientFactory>().CreateClient("crawler");
        for (var host = 1; host <= Budget; host++)
        {
            await SendAsync(client, "GET", server, host);
        }

        await SendAsync(client, "GET", server, host: 1, "away");
    }

    private static Task WaitsForRoomAsync(ServiceProvider services)
        => Eventually.HoldsAsync(() => services.GetRequiredService<ConnectionGate>().Capture().Addresses.Sum(static address => address.Waiting) == 1);

    private static async Task<string?> HoldAsync(string head, Task goOn)
    {
        if (head.StartsWith("GET /hold", StringComparison.Ordinal))
        {
            await goOn;
        }

        return "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    }

    // Of another host, at the port that the request came to.
    private static string Address(string head, int host) => $"http://127.2.0.{host}:{head.Split("Host: ")[1].Split('\r')[0].Split(':')[1]}/";

    private static async Task SendAsync(HttpClient client, string method, RawHttpServer server, int host, string path = "")
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), $"http://127.2.0.{host}:{server.Address.Port}/{path}");
        request.Content = method == "POST" ? new StringContent("{}") : null;
        using var response = await client.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal("ok", await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    private static ServiceProvider Create() => new ServiceCollection()
        .ConfigurePooledClients(static options => options.Descriptors.MaxConnections = Budget)
        .AddPooledHttpClient("crawler", static options =>
        {
            options.Deadline = Deadline;
            options.Resilience.Retry.Enabled = false;
        })
        .Services.BuildServiceProvider();

    /// <summary>Lets the server go on at the test's end at the latest, so that one that fails ends too.</summary>
    private sealed class Opening(TaskCompletionSource goOn) : IDisposable
    {
        public void Dispose() => goOn.TrySetResult();
    }
}
