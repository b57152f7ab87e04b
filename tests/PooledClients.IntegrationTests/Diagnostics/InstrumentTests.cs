using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Diagnostics;

/// <summary>What the OpenTelemetry SDK sees of calls to a real server.</summary>
public sealed class InstrumentTests : MeasuredTest
{
    private const string Get = "grpc.method=rocksdb.v1.KeyValue/Get";

    [Fact]
    public async Task Success_OfAUnaryCall_IsAnAttemptAndACallOfItsStatus()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        var target = $"grpc.target={Target(server)}";

        await host.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: Token);

        var call = await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=rocksdb.v1.KeyValue/Put", target, "grpc.status=OK");
        Assert.Equal(("s", Latencies, 3), (call.Unit, call.Bounds, call.Attributes.Count));
        var attempt = await Seen.WaitForAsync("grpc.client.attempt.duration", "grpc.method=rocksdb.v1.KeyValue/Put", target, "grpc.status=OK");
        Assert.Equal(("s", Latencies, 1), (attempt.Unit, attempt.Bounds, attempt.Value));
        var started = await Seen.WaitForAsync("grpc.client.attempt.started", "grpc.method=rocksdb.v1.KeyValue/Put", target);
        Assert.Equal(("{attempt}", 1, 2), (started.Unit, started.Value, started.Attributes.Count));
        Assert.Empty(Mine("grpc.client.call.retries", target));
        Assert.Empty(Mine("grpc.client.call.hedges", target));
        Assert.Empty(Mine("grpc.client.call.transparent_retries", target));
    }

    [Fact]
    public async Task Success_OfAUnaryCall_MeasuresItsMessages()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        var target = $"grpc.target={Target(server)}";

        await host.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: Token);

        var sent = await Seen.WaitForAsync("grpc.client.attempt.sent_total_compressed_message_size", target, "grpc.status=OK");
        Assert.Equal(("By", 14, 1, Calls.AnyPut.CalculateSize()), (sent.Unit, sent.Bounds, sent.Value, sent.Sum));
        var received = await Seen.WaitForAsync("grpc.client.attempt.rcvd_total_compressed_message_size", target, "grpc.status=OK");
        Assert.Equal((1, new PutResponse().CalculateSize()), (received.Value, received.Sum));
    }

    [Fact]
    public async Task Success_OfStreams_MeasuresTheMessagesOfBothSides()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        string[] ofExchange = ["grpc.method=rocksdb.v1.KeyValue/Exchange", $"grpc.target={Target(server)}", "grpc.status=OK"];
        var request = new ExchangeRequest { Get = Calls.AnyGet };
        var received = 0L;
        using (var exchange = host.KeyValue.Exchange(cancellationToken: Token))
        {
            for (var i = 0; i < 3; i++)
            {
                await exchange.RequestStream.WriteAsync(request, Token);
                Assert.True(await exchange.ResponseStream.MoveNext(Token));
                received += exchange.ResponseStream.Current.CalculateSize();
            }

            await exchange.RequestStream.CompleteAsync();
            Assert.False(await exchange.ResponseStream.MoveNext(Token));
        }

        var sentSize = await Seen.WaitForAsync("grpc.client.attempt.sent_total_compressed_message_size", ofExchange);
        var receivedSize = await Seen.WaitForAsync("grpc.client.attempt.rcvd_total_compressed_message_size", ofExchange);
        Assert.Equal((1, 3 * request.CalculateSize()), (sentSize.Value, sentSize.Sum));
        Assert.Equal((1, received), (receivedSize.Value, receivedSize.Sum));
    }

    [Fact]
    public async Task NotFound_OfAUnaryCall_IsItsStatus()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        (server.Behavior.FailWith, server.Behavior.FailTimes) = (new Status(StatusCode.NotFound, "no such key"), 1);

        await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync);

        await Seen.WaitForAsync("grpc.client.call.duration", Get, $"grpc.target={Target(server)}", "grpc.status=NOT_FOUND");
        await Seen.WaitForAsync("grpc.client.attempt.duration", Get, $"grpc.target={Target(server)}", "grpc.status=NOT_FOUND");
        var channel = Assert.Single(host.Get<IPooledClientsDiagnostics>().Capture().Channels);
        Assert.Equal((1, 0, 1, "NotFound: no such key"), (channel.CallsStarted, channel.CallsSucceeded, channel.CallsFailed, channel.LastError));
    }

    [Fact]
    public async Task Stream_AtAnOpenBreaker_IsACallOfItsStatus()
    {
        Log.Allow(static _ => true);
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server, static options => options.Resilience.Breaker.BreakDuration = TimeSpan.FromSeconds(30));
        server.Behavior.FailTimes = int.MaxValue;
        for (var i = 0; i < 25; i++)
        {
            await Calls.FailureOf(host.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: Token));
        }

        using var call = host.KeyValue.Exchange(cancellationToken: Token);
        var failure = await Assert.ThrowsAsync<RpcException>(() => call.ResponseStream.MoveNext(Token));

        Assert.Contains("The breaker of", failure.Status.Detail, StringComparison.Ordinal);
        await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=rocksdb.v1.KeyValue/Exchange", $"grpc.target={Target(server)}", "grpc.status=UNAVAILABLE");
    }

    [Fact]
    public async Task Deadline_OfAUnaryCall_IsToldByWhatItWaitedFor()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        await host.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: Token);
        server.Behavior.Hold();

        await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddMilliseconds(200), cancellationToken: Token).ResponseAsync);

        server.Behavior.Release();
        await Seen.WaitForAsync("grpc.client.call.duration", Get, $"grpc.target={Target(server)}", "grpc.status=DEADLINE_EXCEEDED");
        var deadline = await Seen.WaitForAsync("pooledclients.deadline_exceeded", $"grpc.target={Target(server)}", "pooledclients.phase=response");
        Assert.Equal("{call}", deadline.Unit);
    }

    [Fact]
    public async Task Retry_OfAUnaryCall_IsAttemptsOfOneCall()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        server.Behavior.FailTimes = 2;

        await host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token);

        var target = $"grpc.target={Target(server)}";
        var retries = await Seen.WaitForAsync("grpc.client.call.retries", Get, target);
        Assert.Equal(("{retry}", 5, 1), (retries.Unit, retries.Bounds, retries.Value));
        await Seen.WaitForAsync("grpc.client.call.retry_delay", Get, target);
        Assert.Equal(3, (await Seen.WaitForAsync("grpc.client.attempt.started", Get, target)).Value);
        Assert.Equal(2, (await Seen.WaitForAsync("grpc.client.attempt.duration", Get, target, "grpc.status=UNAVAILABLE")).Value);
        Assert.Equal(1, (await Seen.WaitForAsync("grpc.client.call.duration", Get, target, "grpc.status=OK")).Value);
    }

    [Fact]
    public async Task Hedge_OfAUnaryCall_IsAttemptsOfOneCall()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server, static options => options.Resilience.Hedging.Delay = TimeSpan.FromMilliseconds(30));
        server.Behavior.Hold();

        var call = host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;
        await Eventually.EqualAsync(2, () => server.Behavior.InFlight);
        server.Behavior.Release();
        await call;

        var target = $"grpc.target={Target(server)}";
        var hedges = await Seen.WaitForAsync("grpc.client.call.hedges", Get, target);
        Assert.Equal(("{hedge}", 5, 1), (hedges.Unit, hedges.Bounds, hedges.Value));
        Assert.Equal(2, (await Seen.WaitForAsync("grpc.client.attempt.started", Get, target)).Value);
        Assert.Equal(1, (await Seen.WaitForAsync("grpc.client.call.duration", Get, target, "grpc.status=OK")).Value);
    }

    [Theory]
    [InlineData(StatusCode.NotFound, "NOT_FOUND")]
    [InlineData(StatusCode.PermissionDenied, "PERMISSION_DENIED")]
    public async Task Stream_ThatIsRefused_IsACallOfItsStatus(StatusCode status, string expected)
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        var target = $"grpc.target={Target(server)}";
        (server.Behavior.FailWith, server.Behavior.FailTimes) = (new Status(status, ""), 2);

        await Assert.ThrowsAsync<RpcException>(() => host.KeyValue.ScanAsync());
        using (var exchange = host.KeyValue.Exchange(cancellationToken: Token))
        {
            await Assert.ThrowsAsync<RpcException>(() => exchange.ResponseStream.MoveNext(Token));
        }

        await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=rocksdb.v1.KeyValue/Scan", target, $"grpc.status={expected}");
        await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=rocksdb.v1.KeyValue/Exchange", target, $"grpc.status={expected}");
        Assert.DoesNotContain(Mine("grpc.client.call.duration", target), static point => point.Has("grpc.status=CANCELLED"));
    }

    [Fact]
    public async Task Stream_ToNobody_IsACallOfItsStatus()
    {
        Uri address;
        await using (var gone = await TestServer.StartAsync())
        {
            address = gone.Address;
        }

        await using var host = await StartAsync(address);

        using var exchange = host.KeyValue.Exchange(cancellationToken: Token);
        await Assert.ThrowsAsync<RpcException>(() => exchange.ResponseStream.MoveNext(Token));

        await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=rocksdb.v1.KeyValue/Exchange", $"grpc.target={address.GetLeftPart(UriPartial.Authority)}", "grpc.status=UNAVAILABLE");
    }

    [Fact]
    public async Task Stream_ReadToItsEnd_IsACall()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);

        await host.KeyValue.ScanAsync();

        await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=rocksdb.v1.KeyValue/Scan", $"grpc.target={Target(server)}", "grpc.status=OK");
        await Seen.WaitForAsync("grpc.client.attempt.duration", "grpc.method=rocksdb.v1.KeyValue/Scan", $"grpc.target={Target(server)}", "grpc.status=OK");
    }

    [Fact]
    public async Task Stream_ThatIsOpen_IsCountedByClient()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(services => services.AddPooledGrpcClient<KeyValue.KeyValueClient>("watched", options => options.ConnectTo(server.Address)));
        using var stream = host.Get<KeyValue.KeyValueClient>("watched").Exchange(cancellationToken: Token);
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet }, Token);
        await stream.ResponseStream.MoveNext(Token);

        var open = await Seen.WaitForAsync("pooledclients.grpc.streams.open", "pooledclients.client=watched");

        Assert.Equal(("{stream}", 1), (open.Unit, open.Value));
        Assert.Equal("watched", Assert.Single(host.Get<IPooledClientsDiagnostics>().Capture().OpenStreams).Client);
    }

    [Fact]
    public async Task Wait_BehindTheLimitOfCalls_IsToldByPhase()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server, static options => (options.Admission.Mode, options.Admission.MaxCallsInFlight) = (AdmissionMode.Fixed, 1));
        server.Behavior.Hold();

        Task[] calls = [.. Enumerable.Range(0, 3).Select(_ => host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync)];
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);
        server.Behavior.Release();
        await Task.WhenAll(calls);

        var waits = await Seen.WaitForAsync("pooledclients.call.wait.duration", $"grpc.target={Target(server)}", "pooledclients.phase=admission");
        Assert.Equal(("s", Waits, 2), (waits.Unit, waits.Bounds, waits.Value));
    }

    [Fact]
    public async Task Wait_ForAServerThatIsDown_IsOneHoweverManyDialsFail()
    {
        var gone = await TestServer.StartAsync();
        var (address, port) = (gone.Address, gone.Port);
        await gone.DisposeAsync();
        await using var host = await StartAsync(address, static options => options.WaitForReady = true);

        var call = host.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: Token).ResponseAsync;
        await Eventually.HoldsAsync(() => host.Get<IPooledClientsDiagnostics>().Capture().Unreachable is [{ Failures: >= 3 }]);
        await using var server = await TestServer.StartAsync(new TestServerOptions { Port = port });
        await call;

        var waits = await Seen.WaitForAsync("pooledclients.call.wait.duration", $"grpc.target={Target(server)}", "pooledclients.phase=dial");
        Assert.Equal(1, waits.Value);
    }

    [Fact]
    public async Task Wait_ForABreakerThatIsOpen_IsOneACallHoweverManyProbesFail()
    {
        const int Waiting = 4;
        Log.Allow("breaker");
        await using var server = await TestServer.StartAsync();
        server.Behavior.FailTimes = int.MaxValue;
        await using var host = await StartAsync(server.Address, static options =>
        {
            options.Resilience.Breaker.BreakDuration = TimeSpan.FromMilliseconds(500);
            options.Resilience.Breaker.MinimumThroughput = 2;
        });
        await Calls.FailureOf(host.KeyValue.PutAsync(Calls.AnyPut));
        await Calls.FailureOf(host.KeyValue.PutAsync(Calls.AnyPut));

        // Each probes in its turn, and is answered that the server is not well.
        await Task.WhenAll(Enumerable.Range(0, Waiting).Select(_ => Calls.FailureOf(host.KeyValue.PutAsync(Calls.AnyPut, default(CallOptions).WithWaitForReady()))));

        var waits = await Seen.WaitForAsync("pooledclients.call.wait.duration", $"grpc.target={Target(server)}", "pooledclients.phase=dial");
        Assert.InRange(waits.Value, 1, Waiting + 1);
    }

    [Fact]
    public async Task Method_ThatIsNotOfTheContract_IsOther()
    {
        await using var server = await TestServer.StartAsync();
        await using var host = await StartAsync(server);
        var marshaller = Marshallers.Create(static (byte[] bytes) => bytes, static bytes => bytes);
        var method = new Method<byte[], byte[]>(MethodType.Unary, "ad.hoc", "Whatever", marshaller, marshaller);

        await Assert.ThrowsAsync<RpcException>(() => host.Get<IGrpcChannelPool>().GetChannel("KeyValue").CreateCallInvoker()
            .AsyncUnaryCall(method, null, new CallOptions(cancellationToken: Token), []).ResponseAsync);

        await Seen.WaitForAsync("grpc.client.call.duration", "grpc.method=other", $"grpc.target={Target(server)}", "grpc.status=UNIMPLEMENTED");
    }
}
