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
    // The runtime sends a refused request four times itself.
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
        await using var clients = await ClientHost.StartAsync(log: null, server.Address, static options => options.Resilience.BreakerFailureRatio = null);

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

    [Fact]
    public async Task Calls_ServerThatRefusesEveryStream_AreSentAgainWithinTheBudgetAndTheAttempts()
    {
        Log.Allow(static _ => true);
        await using var server = RefuseAll();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, static options => options.Resilience.MaxAttempts = 3);

        // Not idempotent: once as it is, twice more by us.
        await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        Assert.InRange(server.Requests.Count, OfTheRuntime, 3 * OfTheRuntime);

        // Idempotent: the policy's two more attempts come to that, and do not multiply it.
        var before = server.Requests.Count;
        await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));
        Assert.InRange(server.Requests.Count - before, OfTheRuntime, 5 * OfTheRuntime);

        // Many: the budget of the address has some thirty to spare.
        before = server.Requests.Count;
        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut))));
        Assert.InRange(server.Requests.Count - before, 100 * OfTheRuntime, 150 * OfTheRuntime);
    }

    [Fact]
    public async Task Stop_CallsThatWaitInFront_AreServedAndNewOnesRefused()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: 1);
            while (true)
            {
                // One at a time, and the first of them is refused on its way.
                var request = await connection.ReceiveCompleteAsync();
                await _go.Task;
                await (request.StreamId == 1 ? connection.SendResetAsync(1, ErrorCode.RefusedStream) : connection.AnswerAsync(request.StreamId));
            }
        });
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, static options => (options.Connection.MaxConnections, options.Resilience.MaxAttempts) = (1, 1));
        var calls = Enumerable.Range(0, 5).Select(_ => clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync).ToArray();
        await Eventually.HoldsAsync(() => server.Requests.Count == 1);

        var stopping = clients.StopAsync();
        RpcException? refused = null;
        await Eventually.HoldsAsync(() => (refused = clients.KeyValue.TryNewCall()) is { StatusCode: StatusCode.Unavailable });
        _go.SetResult();
        await Task.WhenAll(calls);
        await stopping;

        Assert.Contains("stop", refused!.Status.Detail, StringComparison.OrdinalIgnoreCase);
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
        await using var clients = await ClientHost.StartAsync(Log, server.Address, static options => options.Resilience.MaxAttempts = 1);
        var started = Stopwatch.GetTimestamp();

        var failures = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut))));

        // A gap of 16 ms and more follows each connection that served nobody.
        var most = 10 + (Stopwatch.GetElapsedTime(started).TotalMilliseconds / 16);
        Assert.All(failures, static failure => Assert.Equal(StatusCode.Unavailable, failure.StatusCode));
        Assert.InRange(server.Connections.Count, 1, (int)most);
    }

    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static RawHttp2Server RefuseAll() => new(async connection =>
    {
        await connection.SendSettingsAsync();
        while (true)
        {
            await connection.SendResetAsync((await connection.ReceiveCompleteAsync()).StreamId, ErrorCode.RefusedStream);
        }
    });

    /// <summary>What a subscriber of the runtime's diagnostics may do with a request, OpenTelemetry's enrichment among them.</summary>
    private sealed class ContentReader(string authority) : IObserver<DiagnosticListener>, IObserver<KeyValuePair<string, object?>>, IDisposable
    {
        private readonly ConcurrentBag<IDisposable> _subscriptions = [];
        private int _read;

        public int Read => Volatile.Read(ref _read);

        public void OnNext(DiagnosticListener value)
        {
            if (value.Name == "HttpHandlerDiagnosticListener")
            {
                _subscriptions.Add(value.Subscribe(this));
            }
        }

        public void OnNext(KeyValuePair<string, object?> value)
        {
            if (value.Key.EndsWith("HttpRequestOut.Start", StringComparison.Ordinal)
                && value.Value?.GetType().GetProperty("Request")?.GetValue(value.Value) is HttpRequestMessage { Content: { } content } request
                && request.RequestUri!.Authority == authority)
            {
                content.LoadIntoBufferAsync().GetAwaiter().GetResult();
                Interlocked.Increment(ref _read);
            }
        }

        public void OnCompleted()
        {
        }

        public void OnError(Exception error)
        {
        }

        public void Dispose()
        {
            foreach (var subscription in _subscriptions)
            {
                subscription.Dispose();
            }
        }
    }
}
