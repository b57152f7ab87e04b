using System.Collections.Concurrent;
using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>What is on a connection follows from its frames, not from what callers do with their calls.</summary>
public class StreamAccountTests : WatchedTest
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    [Fact]
    public async Task ServerStreams_DroppedAfterTheirFirstMessage_HoldNothingOnceTheServerHasEndedThem()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: 100);
            while (true)
            {
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendHeadersAsync(request.StreamId);
                for (var message = 0; message < (request.Path.EndsWith("/Scan", StringComparison.Ordinal) ? 5 : 1); message++)
                {
                    await connection.SendMessageAsync(request.StreamId);
                }

                await connection.SendTrailersAsync(request.StreamId);
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var dropped = new List<AsyncServerStreamingCall<Pair>>();
        for (var i = 0; i < 105; i++)
        {
            var call = clients.KeyValue.Scan(new ScanRequest());
            Assert.True(await call.ResponseStream.MoveNext(CancellationToken.None));
            dropped.Add(call);
        }

        for (var i = 0; i < 20; i++)
        {
            await clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow + Patience);
        }

        Assert.Single(server.Connections);
        Assert.Equal(0, clients.Transport.InFlight);
        dropped.ForEach(static call => call.Dispose());
    }

    [Fact]
    public async Task Answers_WithEarlyHeadersAndLateBodies_KeepEveryConnectionInUse()
    {
        const int Limit = 10;
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: Limit);
            while (true)
            {
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendHeadersAsync(request.StreamId);
                _ = FinishAsync(request);
            }

            async Task FinishAsync(RawRequest request)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(100));
                await connection.SendMessageAsync(request.StreamId);
                await connection.SendTrailersAsync(request.StreamId);
            }
        });
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => (options.Connection.MaxConnections, options.Admission.Mode) = (2, AdmissionMode.Off));

        await clients.KeyValue.GetManyAsync(400);

        Assert.Equal(2, server.Connections.Count);
        Assert.Equal(2, clients.Transport.Endpoint!.Connections.Current.Length);
        Assert.Equal(2 * Limit, clients.Transport.Endpoint.Connections.Current.Sum(static connection => connection.Capacity - connection.Occupied));
    }

    [Fact]
    public async Task Limit_RaisedAfterAFirstLowOne_IsUsedByTheCallsThatWait()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: 1);
            _ = RaiseAsync(connection);
            while (true)
            {
                _ = AnswerAsync(connection, await connection.ReceiveAsync(), TimeSpan.FromMilliseconds(200));
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        await Task.WhenAll(Enumerable.Range(0, 200).Select(
            _ => clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow + Patience).ResponseAsync));

        Assert.Equal(200, server.Requests.Count);

        static async Task RaiseAsync(RawHttp2Connection connection)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20));
            await connection.SendSettingsAsync(maxStreams: 100);
        }
    }

    [Fact]
    public async Task Limit_RaisedWhenManyConnectionsAreUp_LeavesAsManyAsTheCallsNeed()
    {
        var raise = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: raise.Task.IsCompleted ? 100 : 2);
            var serving = connection.ServeAsync();
            await Task.WhenAny(raise.Task, serving);
            await connection.SendSettingsAsync(maxStreams: 100);
            await serving;
        });
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => (options.Connection.IdleTimeout, options.Admission.Mode) = (TimeSpan.FromMilliseconds(500), AdmissionMode.Off));
        var held = Enumerable.Range(0, 20).Select(_ => clients.KeyValue.Exchange()).ToArray();
        var connections = clients.Transport.Endpoint!.Connections;
        await Eventually.HoldsAsync(() => connections.InFlight == 20);
        Assert.Equal(10, connections.Current.Length);

        raise.SetResult();
        Array.ForEach(held, static call => call.Dispose());
        using var over = new CancellationTokenSource();
        var calls = Calls.RunAsync(callers: 4, int.MaxValue, _ => over.IsCancellationRequested
            ? Task.FromCanceled(over.Token)
            : clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow + Patience).ResponseAsync);
        await Eventually.HoldsAsync(() => connections.Current.Length == 1 && connections.Retired.Length == 0);

        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => calls);
    }

    [Fact]
    public async Task Limit_OfZeroAfterTheFirstCall_HoldsCallsBackUntilItIsRaised()
    {
        var connections = new ConcurrentQueue<RawHttp2Connection>();
        var raise = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(async connection =>
        {
            var first = await connection.ReceiveAsync();
            await connection.SendSettingsAsync(maxStreams: 0);
            connections.Enqueue(connection);
            await raise.Task;
            await connection.SendSettingsAsync(maxStreams: 100);
            await first.Complete;
            await connection.AnswerAsync(first.StreamId);
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var calls = clients.KeyValue.GetManyAsync(40);
        await Eventually.HoldsAsync(() => connections.Count == 2 && clients.Transport.Endpoint!.Dialing == 0);
        Assert.Equal(38, clients.Transport.Endpoint!.Waiting);
        raise.SetResult();
        await calls;

        Assert.Equal(2, connections.Count);
    }

    [Fact]
    public async Task Limit_OfZeroForGood_EndsCallsAtTheirDeadlineAndDialsNoCrowd()
    {
        Log.Allow("breaker");
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: 0);
            await connection.Ended;
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Resilience.Retry.MaxAttempts = 1);

        var failures = await Task.WhenAll(Enumerable.Range(0, 40).Select(
            _ => Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow.AddSeconds(1)))));

        Assert.All(failures, static failure => Assert.Equal(StatusCode.DeadlineExceeded, failure.StatusCode));
        Assert.InRange(server.Connections.Count, 1, 15);
    }

    [Fact]
    public async Task Lifetime_OneStreamHoldsEachOf30Connections_CallsGoOn()
    {
        Log.Allow("takes no new call");
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => options.Connection.Lifetime = TimeSpan.FromMilliseconds(100));
        var pinned = new List<AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse>>();

        await clients.KeyValue.PutAsync(Calls.AnyPut);
        var connections = clients.Transport.Endpoint!.Connections;
        while (pinned.Count < 30)
        {
            // Each has a connection of its own once those of the others take no new call.
            await Calls.UntilAsync(
                () => connections.Retired.Length >= pinned.Count,
                token => clients.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: token).ResponseAsync);
            var stream = clients.KeyValue.Exchange();
            await stream.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet });
            Assert.True(await stream.ResponseStream.MoveNext(CancellationToken.None));
            pinned.Add(stream);
        }

        await clients.KeyValue.GetManyAsync(100);

        // The last one may be retired by now, which nobody uses.
        Assert.InRange(connections.Current.Length, 0, 10);
        Assert.InRange(connections.Retired.Length, 29, 30);
        pinned.ForEach(static stream => stream.Dispose());
        await Eventually.HoldsAsync(() => connections.Retired.Length == 0);
    }

    [Fact]
    public async Task Call_EndsBeforeItsDialDoes_LeavesTheConnectionToTheNext()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        server.Connections.HoldHandshakes();

        var impatient = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow.AddMilliseconds(100)));
        server.Connections.ReleaseHandshakes();
        await clients.KeyValue.PutAsync(Calls.AnyPut, deadline: DateTime.UtcNow + Patience);

        Assert.Equal(StatusCode.DeadlineExceeded, impatient.StatusCode);
        Assert.Equal(1, server.Connections.Accepted);
    }

    private static async Task AnswerAsync(RawHttp2Connection connection, RawRequest request, TimeSpan delay)
    {
        await request.Complete;
        await Task.Delay(delay);
        await connection.AnswerQuietlyAsync(request.StreamId);
    }
}
