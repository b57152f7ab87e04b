using System.Collections.Concurrent;
using System.Diagnostics;
using Google.Protobuf;
using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>What the library sends again by itself: nothing that may have been processed, no other call's message, and not in a rush.</summary>
public class SentOnceTests : WatchedTest
{
    // The runtime sends a call's first request four times itself, as a plain channel's.
    private const int OfTheRuntime = 4;

    [Fact]
    public async Task Puts_ServerThatRunsAWholeMessageAndDies_AreProcessedOnceAtMost()
    {
        Log.Allow(static _ => true);
        var processed = new ConcurrentDictionary<string, int>();
        await using var server = new RawHttp2Server(async connection =>
        {
            // A message is whole with its bytes, not with the end of its stream: so have it servers that are not ours.
            var whole = Calls.AnyPut.CalculateSize() + 5;
            var left = 20;
            connection.OnBytes = request =>
            {
                if (request.Bytes == whole && processed.AddOrUpdate(request.Headers["id"], 1, static (_, times) => times + 1) > 0 && --left == 0)
                {
                    connection.Cut();
                }
            };
            await connection.SendSettingsAsync(maxStreams: 100);
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(log: null, server.Address, static options => options.Resilience.Breaker.Enabled = false);

        await Calls.RunAsync(callers: 32, total: 3_000, async number =>
        {
            try
            {
                await clients.KeyValue.PutAsync(Calls.AnyPut, new Metadata { { "id", $"{number}" } });
            }
            catch (RpcException)
            {
                // Lost with its connection.
            }
        });

        Assert.InRange(server.Connections.Count, 50, 1_000);
        Assert.DoesNotContain(processed, static times => times.Value > 1);
    }

    [Fact]
    public async Task Puts_ObserverReadsTheirContent_SendTheirOwnMessages()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        using var observer = new ContentReader(server.Address.Authority);
        using var subscription = DiagnosticListener.AllListeners.Subscribe(observer);

        for (var round = 0; round < 200; round++)
        {
            var key = ByteString.CopyFromUtf8($"key {round}");
            await clients.KeyValue.PutAsync(new PutRequest { Database = "db", Key = key, Value = key });
            Assert.Equal(key, (await clients.KeyValue.GetAsync(new GetRequest { Database = "db", Key = key })).Value);
        }

        Assert.InRange(observer.Read, 400, 500);
    }

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public async Task Calls_ServerThatRefusesEveryStream_AreSentAgainWithinTheBudgetAndTheAttempts(int attempts)
    {
        Log.Allow(static _ => true);
        await using var server = RefuseAll();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => (options.Resilience.Retry.MaxAttempts, options.Resilience.Breaker.Enabled) = (attempts, false));
        var started = Stopwatch.GetTimestamp();

        // Not idempotent: twice more by us, whatever the policy.
        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        Assert.InRange(server.Requests.Count, OfTheRuntime, OfTheRuntime + 2);

        // Idempotent: each further attempt of the policy is one request more.
        var before = server.Requests.Count;
        await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));
        Assert.InRange(server.Requests.Count - before, OfTheRuntime, OfTheRuntime + 2 + attempts - 1);

        // Many: one more for each that the budget of the address has: 10 to begin with, 10 a second, a fifth of the calls.
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut))));
        var budget = 10 + (10 * Stopwatch.GetElapsedTime(started).TotalSeconds) + (102 * 0.2);
        Assert.InRange(server.Requests.Count, 102 * OfTheRuntime, (102 * OfTheRuntime) + (int)budget);
    }

    // Its messages can be handed over once, so that a second stream could only be reset.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_ServerRefusesIt_OpensNoSecondOne(bool isDuplex)
    {
        Log.Allow(static _ => true);
        await using var server = new RawHttp2Server(async connection =>
        {
            connection.OnBytes = request => _ = connection.SendResetAsync(request.StreamId, ErrorCode.RefusedStream);
            await connection.SendSettingsAsync();
            await connection.Ended;
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var failure = await Assert.ThrowsAsync<RpcException>(() => isDuplex ? ExchangeAsync() : LoadAsync());

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Single(server.Requests);

        async Task LoadAsync()
        {
            using var call = clients.KeyValue.Load();
            await Record.ExceptionAsync(() => call.RequestStream.WriteAsync(Calls.AnyPut));
            await call.ResponseAsync;
        }

        async Task ExchangeAsync()
        {
            using var call = clients.KeyValue.Exchange();
            await Record.ExceptionAsync(() => call.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet }));
            await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken);
        }
    }

    // The server has seen them: what it went away below is sent again as what it refused is, out of the budget.
    [Theory]
    [InlineData(0)]
    [InlineData(1000)]
    public async Task Puts_ServerGoesAwayBelowEach_AreSentAgainWithinTheBudget(double retriesPerSecond)
    {
        Log.Allow(static _ => true);
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.ReceiveCompleteAsync();
            await connection.SendGoAwayAsync(0, ErrorCode.NoError);
            await connection.Ended;
        });
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => (options.Resilience.RetryBudget.Ratio, options.Resilience.RetryBudget.PerSecond) = (0, retriesPerSecond));

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Equal(retriesPerSecond == 0 ? 1 : 3, server.Requests.Count);
    }

    [Fact]
    public async Task Calls_EveryConnectionSaysGoodbye_EndUnavailableAndDialNoCrowd()
    {
        Log.Allow(static _ => true);
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            await connection.ReceiveAsync();
            await connection.SendGoAwayAsync(0, ErrorCode.NoError);
            await connection.Ended;
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, static options => options.Resilience.Retry.MaxAttempts = 1);
        var started = Stopwatch.GetTimestamp();

        var failures = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut))));

        // A gap of 16 ms and more follows each connection that served nobody.
        var most = 10 + (Stopwatch.GetElapsedTime(started).TotalMilliseconds / 16);
        Assert.All(failures, static failure => Assert.Equal(StatusCode.Unavailable, failure.StatusCode));
        Assert.InRange(server.Connections.Count, 1, (int)most);
    }

    private static RawHttp2Server RefuseAll() => new(async connection =>
    {
        await connection.SendSettingsAsync();
        while (true)
        {
            await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
        }
    });
}
