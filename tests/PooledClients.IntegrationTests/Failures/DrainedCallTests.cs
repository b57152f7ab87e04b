using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Failures;

/// <summary>A host that stops refuses new calls, and sees those that were made before to their end, wherever they are.</summary>
public sealed class DrainedCallTests : WatchedTest
{
    private readonly TaskCompletionSource _go = new(TaskCreationOptions.RunContinuationsAsynchronously);

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
            Log, server.Address, static options => (options.Connection.MaxConnections, options.Resilience.Retry.MaxAttempts) = (1, 1));
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

    // The call is on no connection then, and nobody else is on one either.
    [Fact]
    public async Task Stop_UnaryCallInThePauseBeforeItsNextAttempt_GoesOn()
    {
        await using var server = RefuseFirst();
        await using var clients = await StartAsync(server);
        var call = clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync;
        await Eventually.HoldsAsync(() => Log.Entries.Any(static entry => entry.Message.Contains("the next one comes in", StringComparison.Ordinal)));

        await clients.StopAsync();

        // Its message may still be on the way to its caller.
        await call;
        Assert.Equal(2, server.Requests.Count);
    }

    [Fact]
    public async Task Stop_ServerStreamInThePauseBeforeItsNextAttempt_GoesOn()
    {
        await using var server = RefuseFirst();
        await using var clients = await StartAsync(server);
        var reading = clients.KeyValue.ScanAsync();
        await Eventually.HoldsAsync(() => Log.Entries.Any(static entry => entry.Message.Contains("the next one comes in", StringComparison.Ordinal)));

        await clients.StopAsync();

        Assert.Equal(1, await reading);
    }

    [Fact]
    public async Task Stop_CallThatWaitsForReady_GoesOn()
    {
        Log.Allow(static _ => true);
        var isUp = false;
        await using var server = new RawHttp2Server(async connection =>
        {
            if (!Volatile.Read(ref isUp))
            {
                connection.Cut();
                return;
            }

            await connection.SendSettingsAsync();
            await connection.ServeAsync();
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, static options => options.WaitForReady = true);
        var call = clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync;
        await Eventually.HoldsAsync(() => server.Connections.Count > 1);

        var stopping = clients.StopAsync();
        await Eventually.HoldsAsync(() => clients.KeyValue.TryNewCall() is { StatusCode: StatusCode.Unavailable });
        Volatile.Write(ref isUp, true);

        await call;
        await stopping;
    }

    // The call of another is what the host waits for.
    [Fact]
    public async Task Stop_CallWhoseCredentialsAreBeingRead_GoesOn()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync();
            while (true)
            {
                var request = await connection.ReceiveCompleteAsync();
                _ = request.StreamId == 1 ? AnswerFirstAsync(connection, request) : connection.AnswerQuietlyAsync(request.StreamId);
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        var first = clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync;
        await Eventually.HoldsAsync(() => server.Requests.Count == 1);
        var credentials = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var call = clients.KeyValue.PutAsync(Calls.AnyPut, new CallOptions(credentials: CallCredentials.FromInterceptor((_, _) => credentials.Task))).ResponseAsync;

        var stopping = clients.StopAsync();
        await Eventually.HoldsAsync(() => clients.KeyValue.TryNewCall() is { StatusCode: StatusCode.Unavailable });
        credentials.SetResult();
        await call;
        _go.SetResult();
        await first;
        await stopping;

        async Task AnswerFirstAsync(RawHttp2Connection connection, RawRequest request)
        {
            await _go.Task;
            await connection.AnswerAsync(request.StreamId);
        }
    }

    private Task<ClientHost> StartAsync(RawHttp2Server server) => ClientHost.StartAsync(Log, server.Address, static options =>
    {
        options.Resilience.Retry.MaxAttempts = 3;
        options.Resilience.Retry.Delay = TimeSpan.FromMilliseconds(500);
    });

    private static RawHttp2Server RefuseFirst() => new(async connection =>
    {
        await connection.SendSettingsAsync();
        await connection.SendRefusalAsync((await connection.ReceiveCompleteAsync()).StreamId, "14");
        await connection.ServeAsync();
    });
}
