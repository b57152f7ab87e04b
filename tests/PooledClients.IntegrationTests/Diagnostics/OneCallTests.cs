using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>However many of the channel's calls one call is made of, it is counted as one.</summary>
public sealed class OneCallTests : MeasuredTest
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Hedges_AreOneCallOfTheirMethod()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server, static options => options.Resilience.Hedging.Delay = TimeSpan.FromMilliseconds(30));
        server.Behavior.Hold();

        var call = host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;
        await Eventually.EqualAsync(2, () => server.Behavior.InFlight);
        Assert.Equal(1, Channel(host).CallsInFlight);
        server.Behavior.Release();
        await call;

        await Eventually.EqualAsync((1, 1, 0, 0), () => Counts(host));
    }

    [Fact]
    public async Task Hedges_BehindAHandlerThatSendsLater_AreOneCall()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartLateAsync(server, static options => options.Resilience.Hedging.Delay = TimeSpan.FromMilliseconds(30));
        server.Behavior.Hold();

        var call = host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;
        await Eventually.EqualAsync(2, () => server.Behavior.InFlight);
        server.Behavior.Release();
        await call;

        await Eventually.EqualAsync((1, 1, 0, 0), () => Counts(host));
    }

    [Fact]
    public async Task Hedges_PastTheirDeadline_AreToldOfOnce()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server, static options => options.Resilience.Hedging.Delay = TimeSpan.FromMilliseconds(30));
        server.Behavior.Hold();

        var call = host.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(1), cancellationToken: Token).ResponseAsync;
        await Eventually.EqualAsync(2, () => server.Behavior.InFlight);
        Assert.Equal(StatusCode.DeadlineExceeded, (await Assert.ThrowsAsync<RpcException>(() => call)).StatusCode);
        server.Behavior.Release();

        await Eventually.EqualAsync((1, 0, 1, 0), () => Counts(host));
        Assert.Equal(1, (await Seen.WaitForAsync("pooledclients.deadline_exceeded", $"grpc.target={Target(server)}", "pooledclients.phase=response")).Value);
        Assert.Equal(1, Mine("pooledclients.deadline_exceeded", $"grpc.target={Target(server)}").Sum(static point => point.Value));
    }

    [Fact]
    public async Task Deadline_InThePauseOfARetry_IsToldOf()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server, static options => (options.Resilience.Retry.Delay, options.Resilience.Retry.MaxDelay) = (Long, Long));
        server.Behavior.FailTimes = 100;

        var failure = await Calls.FailureOf(host.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(1), cancellationToken: Token));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal((1, 0, 1, 0), Counts(host));
        Assert.Equal(1, (await Seen.WaitForAsync("pooledclients.deadline_exceeded", $"grpc.target={Target(server)}", "pooledclients.phase=retry")).Value);
    }

    [Fact]
    public async Task Deadline_InThePauseOfAStreamsRetry_IsToldOf()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server, static options =>
        {
            options.StreamingDeadline = TimeSpan.FromSeconds(1);
            (options.Resilience.Retry.Delay, options.Resilience.Retry.MaxDelay) = (Long, Long);
        });
        server.Behavior.FailTimes = 100;

        var failure = await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.ScanAsync());

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        Assert.Equal((1, 0, 1, 0), Counts(host));
        Assert.Equal(1, (await Seen.WaitForAsync("pooledclients.deadline_exceeded", $"grpc.target={Target(server)}", "pooledclients.phase=retry")).Value);
    }

    // No listener: whoever looks at the snapshot only later has to find it.
    [Fact]
    public async Task Deadline_OfAStreamThatHasBegun_IsCountedWhoeverListens()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await ClientHost.StartAsync(Log, server.Address, static options => options.StreamingDeadline = TimeSpan.FromSeconds(1));
        using var call = host.KeyValue.Exchange(cancellationToken: Token);
        await call.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet }, Token);
        Assert.True(await call.ResponseStream.MoveNext(Token));

        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));

        Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode);
        await Eventually.EqualAsync("response 1", () => string.Join(' ', host.Get<IPooledClientsDiagnostics>().Capture().Methods.Single().DeadlinesByPhase.Select(static phase => $"{phase.Key} {phase.Value}")));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attempts_OfAStream_AreOneCall(bool sendsLater)
    {
        await using var server = await TestServer.StartAsync();
        await using var host = sendsLater ? await StartLateAsync(server) : await StartAsync(server);
        server.Behavior.FailTimes = 2;

        await host.KeyValue.ScanAsync();

        Assert.Equal(3, server.Behavior.Processed("Scan"));
        Assert.Equal((1, 1, 0, 0), Counts(host));
    }

    [Fact]
    public async Task Stream_ThatIsRefused_IsOneFailedCall()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        (server.Behavior.FailWith, server.Behavior.FailTimes) = (new Status(StatusCode.NotFound, "no such database"), 1);

        await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.ScanAsync());

        Assert.Equal((1, 0, 1, 0), Counts(host));
        Assert.Equal("NotFound: no such database", Channel(host).LastError);
    }

    [Fact]
    public async Task Stream_ThatNobodyReads_IsOneCallThatEndsWithItsDisposal()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        server.Behavior.Hold();

        using (host.KeyValue.Scan(new ScanRequest { Database = "db" }, cancellationToken: Token))
        {
            await Eventually.EqualAsync(1, () => server.Behavior.InFlight);
            Assert.Equal((1, 0, 0, 1), Counts(host));
        }

        Assert.Equal((1, 0, 1, 0), Counts(host));
        server.Behavior.Release();
    }

    [Fact]
    public async Task Call_WhoseHandlerAsksForTheLengthOfTheAnswer_IsMeasured()
    {
        await using var server = await TestServer.StartAsync();
        var lengths = new List<long?>();
        await using var host = await StartAsync(services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address))
            .AddHttpMessageHandler(() => new LengthHandler(lengths)));

        await host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token);

        Assert.Null(Assert.Single(lengths));
        await Seen.WaitForAsync("grpc.client.attempt.rcvd_total_compressed_message_size", $"grpc.target={Target(server)}");
    }

    // A message handler of the application's that goes on on another thread.
    private Task<ClientHost> StartLateAsync(TestServer server, Action<PooledGrpcClientOptions>? configure = null) => StartAsync(services =>
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(server.Address);
            configure?.Invoke(options);
        }).AddHttpMessageHandler(static () => new LateHandler()));

    private static ChannelSnapshot Channel(ClientHost host) => Assert.Single(host.Get<IPooledClientsDiagnostics>().Capture().Channels);

    private static (long Started, long Succeeded, long Failed, int InFlight) Counts(ClientHost host)
    {
        var channel = Channel(host);
        return (channel.CallsStarted, channel.CallsSucceeded, channel.CallsFailed, channel.CallsInFlight);
    }

    private sealed class LengthHandler(List<long?> lengths) : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            var response = await base.SendAsync(request, cancellationToken);
            lengths.Add(response.Content.Headers.ContentLength);
            return response;
        }
    }

    private sealed class LateHandler : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Yield();
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
