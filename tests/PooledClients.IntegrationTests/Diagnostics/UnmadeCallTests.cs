using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>A call that does not come as far as a connection of the library's is told all the same.</summary>
public sealed class UnmadeCallTests : MeasuredTest
{
    [Fact]
    public async Task Call_WhoseInboundDeadlineHasPassed_IsAFailedCallOfItsPhase()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        var target = $"grpc.target={Target(server)}";

        using (CallDeadline.Begin(DateTime.UtcNow.AddSeconds(-1)))
        {
            await Calls.FailureOf(host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token));
        }

        Assert.Equal(1, (await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=rocksdb.v1.KeyValue/Get", target, "grpc.status=DEADLINE_EXCEEDED")).Value);
        Assert.Equal(1, (await Seen.WaitForAsync("pooledclients.deadline_exceeded", target, "pooledclients.phase=before")).Value);
        Assert.Empty(Mine("grpc.client.attempt.started", target));
        var channel = Assert.Single(host.Get<IPooledClientsDiagnostics>().Capture().Channels);
        Assert.Equal((1, 0, 1), (channel.CallsStarted, channel.CallsSucceeded, channel.CallsFailed));
        Assert.Contains("had passed before this call was made", channel.LastError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_WhoseMessageHandlerThrows_IsACallOfItsStatus(bool isRetried)
    {
        await using var host = await StartAsync(services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = new Uri("http://localhost:1");
            options.Resilience.Retry.Enabled = isRetried;
        }).AddHttpMessageHandler(static () => new ThrowingHandler()));

        await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.ScanAsync());
        using var exchange = host.KeyValue.Exchange(cancellationToken: Token);
        await Assert.ThrowsAsync<RpcException>(() => exchange.ResponseStream.MoveNext(Token));

        await AssertToldAsync("INTERNAL");
    }

    [Fact]
    public async Task Stream_ThatIsCancelledBeforeItIsMade_IsACallOfItsStatus()
    {
        await using var host = await StartAsync(new Uri("http://localhost:1"), static options => options.Resilience.Retry.Enabled = false);
        var cancelled = new CancellationToken(canceled: true);

        host.KeyValue.Scan(new ScanRequest(), cancellationToken: cancelled).Dispose();
        host.KeyValue.Exchange(cancellationToken: cancelled).Dispose();

        await AssertToldAsync("CANCELLED");
    }

    [Fact]
    public async Task Stream_OfAnOwnPrimaryHandler_IsACallOfItsStatus()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var host = await StartAsync(services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.Address = server.Address;
            options.Resilience.Retry.Enabled = false;
        }).ConfigurePrimaryHttpMessageHandler(static () => new SocketsHttpHandler()));

        await host.KeyValue.ScanAsync();
        using var exchange = host.KeyValue.Exchange(cancellationToken: Token);
        await exchange.RequestStream.CompleteAsync();
        Assert.False(await exchange.ResponseStream.MoveNext(Token));

        await AssertToldAsync("OK");
    }

    private async Task AssertToldAsync(string status)
    {
        foreach (var method in (string[])["Scan", "Exchange"])
        {
            Assert.Equal(1, (await Seen.WaitForAsync("grpc.client.call.duration", $"grpc.method=rocksdb.v1.KeyValue/{method}", $"grpc.status={status}")).Value);
        }
    }

    private sealed class ThrowingHandler : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromException<HttpResponseMessage>(new InvalidOperationException("not today"));
    }
}
