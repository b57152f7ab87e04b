using Grpc.Core;
using PooledClients.Grpc;
using PooledClients.Grpc.Sending;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A call that waits for its server to be ready does so while the breaker of its address is not closed as well.</summary>
public sealed class BreakerWaitTests
{
    private static readonly CallOptions Waiting = default(CallOptions).WithWaitForReady();

    [Fact]
    public async Task Put_BreakerIsOpen_WaitsForTheProbe()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var clients = await OpenAsync(server, TimeSpan.FromMilliseconds(500));

        server.Behavior.FailTimes = 0;
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => clients.KeyValue.PutAsync(Calls.AnyPut, Waiting).ResponseAsync));

        var handler = HandlerOf(clients);
        Assert.True(handler.Breaker!.IsClosed);
        Assert.Equal(0, handler.Pending.Count);
    }

    [Fact]
    public async Task Put_AnotherProbes_WaitsForWhatItComesTo()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var clients = await OpenAsync(server, TimeSpan.FromMilliseconds(500));
        server.Behavior.FailTimes = 0;
        server.Behavior.Hold();

        // Each probes, or waits for the one that does.
        var calls = Enumerable.Range(0, 20).Select(_ => clients.KeyValue.PutAsync(Calls.AnyPut, Waiting).ResponseAsync).ToArray();
        await Eventually.HoldsAsync(() => server.Behavior.InFlight > 0);
        Assert.DoesNotContain(calls, static call => call.IsCompleted);

        server.Behavior.Release();
        await Task.WhenAll(calls);
    }

    [Fact]
    public async Task Put_OpenToItsDeadline_SaysThatItWaitedForTheServerAndWhy()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var clients = await OpenAsync(server, TimeSpan.FromSeconds(30));
        var sent = server.Requests.Count;

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, Waiting.WithDeadline(DateTime.UtcNow.AddMilliseconds(300))));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Contains("The breaker of", failure.Status.Detail, StringComparison.Ordinal);
        Assert.Equal((sent, 0), (server.Requests.Count, HandlerOf(clients).Pending.Count));
    }

    [Fact]
    public async Task Put_CancelledWhileItWaits_SaysCancelled()
    {
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var clients = await OpenAsync(server, TimeSpan.FromSeconds(30));
        using var source = new CancellationTokenSource();

        var call = clients.KeyValue.PutAsync(Calls.AnyPut, Waiting.WithCancellationToken(source.Token));
        await Eventually.EqualAsync(1, () => HandlerOf(clients).Pending.Count);
        await source.CancelAsync();

        Assert.Equal(StatusCode.Cancelled, (await Calls.FailureOf(call)).StatusCode);
        Assert.Equal(0, HandlerOf(clients).Pending.Count);
    }

    private static GrpcTransportHandler HandlerOf(ClientHost clients) => clients.Get<GrpcChannelPool>().Handlers.Single();

    private static async Task<ClientHost> OpenAsync(TestServer server, TimeSpan breakDuration)
    {
        server.Behavior.FailTimes = int.MaxValue;
        var clients = await ClientHost.StartAsync(log: null, server.Address, options =>
        {
            options.Resilience.Breaker.BreakDuration = breakDuration;
            options.Resilience.Breaker.MinimumThroughput = 2;
        });
        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        while (HandlerOf(clients).Breaker!.IsClosed)
        {
            await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        }

        return clients;
    }
}
