using System.Runtime.CompilerServices;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A streaming call whose caller has dropped it is named, and its stream comes back, once a collection has found it.</summary>
public class ForgottenStreamTests : WatchedTest
{
    [Fact]
    public async Task Scan_DroppedAfterItsFirstMessage_IsNamedAndReclaimed()
    {
        Log.Allow("was collected");
        await using var server = new RawHttp2Server(SendOneMessageAsync, tls: false);
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        await ReadOneAsync(clients.KeyValue);

        await Eventually.HoldsAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return clients.Transport.InFlight == 0;
        });

        Assert.Contains(Log.Entries, entry => entry.Event.Id == 602 && entry.Message.Contains("/rocksdb.v1.KeyValue/Scan", StringComparison.Ordinal));
        Assert.Contains(Log.Entries, entry => entry.Event.Id == 602 && entry.Message.EndsWith($"Made by {typeof(ForgottenStreamTests)}.{nameof(ReadOneAsync)}.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Stream_ThatIsOpen_ShowsWhoMadeIt(bool sendsLater)
    {
        await using var server = new RawHttp2Server(SendOneMessageAsync, tls: false);
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            var builder = services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address));
            if (sendsLater)
            {
                builder.AddCallCredentials(static async (_, _) => await Task.Yield()).ConfigureChannel(static channel => channel.UnsafeUseInsecureChannelCallCredentials = true);
            }
        });

        var reader = await HoldReaderAsync(clients.KeyValue);
        using var exchange = clients.KeyValue.Exchange(cancellationToken: TestContext.Current.CancellationToken);
        await Eventually.EqualAsync(2, () => Streams(clients).Count);

        Assert.Equal($"{typeof(ForgottenStreamTests)}.{nameof(HoldReaderAsync)}", Streams(clients).Single(static stream => stream.Method.EndsWith("Scan", StringComparison.Ordinal)).Origin);
        Assert.Equal($"{typeof(ForgottenStreamTests)}.{nameof(Stream_ThatIsOpen_ShowsWhoMadeIt)}", Streams(clients).Single(static stream => stream.Method.EndsWith("Exchange", StringComparison.Ordinal)).Origin);
        GC.KeepAlive(reader);
    }

    private static IReadOnlyList<OpenStreamSnapshot> Streams(ClientHost clients) => clients.Get<IPooledClientsDiagnostics>().Capture().OpenStreams;

    [Fact]
    public async Task Scan_HeldByItsReaderAlone_IsNotForgotten()
    {
        await using var server = new RawHttp2Server(SendOneMessageAsync, tls: false);
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var reader = await HoldReaderAsync(clients.KeyValue);
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        Assert.Equal(1, clients.Transport.InFlight);
        Assert.NotNull(reader.Current);
    }

    [Fact]
    public async Task Load_DroppedAfterItsFirstMessage_IsNamedAndReclaimed()
    {
        Log.Allow("was collected");
        await using var server = new RawHttp2Server(TakeAsync, tls: false);
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        await WriteOneAsync(clients.KeyValue);

        await Eventually.HoldsAsync(() =>
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            return clients.Transport.InFlight == 0;
        });

        Assert.Contains(Log.Entries, entry => entry.Event.Id == 602 && entry.Message.Contains("/rocksdb.v1.KeyValue/Load", StringComparison.Ordinal));
        Assert.Contains(Log.Entries, entry => entry.Event.Id == 602 && entry.Message.EndsWith($"Made by {typeof(ForgottenStreamTests)}.{nameof(WriteOneAsync)}.", StringComparison.Ordinal));
    }

    // The server may answer before it has been sent everything, and from the end of the messages on it is its turn.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Load_WhoseResponseAloneIsHeld_IsNotForgotten(bool isComplete)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var server = new RawHttp2Server(
            async connection =>
            {
                await connection.SendSettingsAsync();
                var request = await connection.ReceiveAsync();
                await go.Task;
                await connection.AnswerAsync(request.StreamId);
            },
            tls: false);
        await using var clients = await ClientHost.StartAsync(Log, server.Address);

        var response = WaitAsync(Load(clients.KeyValue, isComplete));
        await Eventually.HoldsAsync(() => server.Requests.Count == 1);
        for (var i = 0; i < 5; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
        }

        go.SetResult();
        Assert.NotNull(await response);

        static async Task<LoadResponse> WaitAsync(Task<LoadResponse> response) => await response;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task WriteOneAsync(KeyValue.KeyValueClient client)
    {
        var call = client.Load();
        await call.RequestStream.WriteAsync(Calls.AnyPut, TestContext.Current.CancellationToken);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static Task<LoadResponse> Load(KeyValue.KeyValueClient client, bool isComplete)
    {
        var call = client.Load();
        if (isComplete)
        {
            _ = call.RequestStream.CompleteAsync();
        }

        return call.ResponseAsync;
    }

    private static async Task TakeAsync(RawHttp2Connection connection)
    {
        await connection.SendSettingsAsync();
        await connection.Ended;
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task ReadOneAsync(KeyValue.KeyValueClient client)
    {
        var call = client.Scan(new ScanRequest());
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static async Task<IAsyncStreamReader<Pair>> HoldReaderAsync(KeyValue.KeyValueClient client)
    {
        var call = client.Scan(new ScanRequest());
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        return call.ResponseStream;
    }

    private static async Task SendOneMessageAsync(RawHttp2Connection connection)
    {
        await connection.SendSettingsAsync();
        var request = await connection.ReceiveCompleteAsync();
        await connection.SendHeadersAsync(request.StreamId);
        await connection.SendMessageAsync(request.StreamId);
        await connection.ServeAsync();
    }
}
