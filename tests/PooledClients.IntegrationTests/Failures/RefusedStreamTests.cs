using System.Net;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.IntegrationTests.Http;
using PooledClients.IntegrationTests.Proxies;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A server that refuses every stream, where the runtime picks the connections: it has sent each request four times, at once, before anybody is told.</summary>
public sealed class RefusedStreamTests : WatchedTest
{
    private const int OfTheRuntime = 4;

    [Fact]
    public async Task Get_OverHttp_IsSentAsOftenAsByAPlainClient()
    {
        Log.Allow("");
        await using var server = RefuseAll(tls: false);
        using var plain = new HttpClient { BaseAddress = server.Address, DefaultRequestVersion = HttpVersion.Version20, DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact };
        await using var http = new HttpFixture(Log, HttpVersion.Version20, server.Address);

        await Assert.ThrowsAsync<HttpRequestException>(() => plain.GetAsync("/any", TestContext.Current.CancellationToken));
        var expected = server.Requests.Count;
        await Assert.ThrowsAsync<HttpRequestException>(() => http.Client.GetAsync("/any", TestContext.Current.CancellationToken));

        Assert.Equal((OfTheRuntime, OfTheRuntime), (expected, server.Requests.Count - expected));
    }

    [Fact]
    public async Task Get_OverGrpcThroughATunnel_IsSentOnceForEachFurtherAttempt()
    {
        const int Attempts = 3;
        Log.Allow("");
        await using var server = RefuseAll(tls: true);
        await using var proxy = TunnelProxy.Start(withCredentials: false);
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.ConnectTo(server.Address);
                options.Resilience.Retry.MaxAttempts = Attempts;
                options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(1);
            })
            .ConfigureHandler(handler => handler.Proxy = new WebProxy(proxy.Address)));

        Assert.Equal(StatusCode.Unavailable, (await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet))).StatusCode);

        Assert.Equal(OfTheRuntime + Attempts - 1, server.Requests.Count);
    }

    private static RawHttp2Server RefuseAll(bool tls) => new(
        static async connection =>
        {
            await connection.SendSettingsAsync();
            while (true)
            {
                await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
            }
        },
        tls);
}
