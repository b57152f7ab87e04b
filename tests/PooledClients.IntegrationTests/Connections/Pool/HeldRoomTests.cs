using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Http2;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections.Pool;

/// <summary>Calls that are held for good take a connection's room, which nothing that ends will give back: other calls get another connection.</summary>
public sealed class HeldRoomTests : WatchedTest
{
    [Fact]
    public async Task Lifetime_OverWhileAHeldStreamFillsTheOnlyConnection_TheCallThatWaitsGetsAnother()
    {
        Log.Allow("takes no new call");
        await using var server = new RawHttp2Server(connection => ServeAsync(connection, maxStreams: 1));
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => (options.Connection.MaxConnections, options.Connection.Lifetime) = (1, TimeSpan.FromMilliseconds(500)));
        using var held = await HoldAsync(clients);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(2, server.Connections.Count);
    }

    [Fact]
    public async Task Limit_LoweredToZeroOnTwoConnectionsOfHeldStreams_AThirdIsDialed()
    {
        await using var server = new RawHttp2Server(connection => ServeAsync(connection, maxStreams: 100));
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        using var first = await HoldAsync(clients);
        await LowerAsync(server, clients, connection: 0);
        using var second = await HoldAsync(clients);
        await LowerAsync(server, clients, connection: 1);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(3, server.Connections.Count);
    }

    [Fact]
    public async Task Limit_LoweredUnderHeldUnaryCalls_OthersGoOnElsewhere()
    {
        await using var server = new RawHttp2Server(connection => ServeAsync(connection, maxStreams: 100, isSilent: connection.Number == 1));
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        using var end = new CancellationTokenSource();
        var held = Enumerable.Range(0, 20).Select(_ => clients.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: end.Token).ResponseAsync).ToArray();
        await Eventually.EqualAsync(held.Length, () => server.Requests.Count);
        await server.Connections.Single().SendSettingsAsync(maxStreams: 1);
        await Eventually.EqualAsync(1, () => clients.Transport.Endpoint!.Connections.Current[0].Limit);

        await clients.KeyValue.GetManyAsync(50);

        Assert.Equal(2, server.Connections.Count);
        await end.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => Task.WhenAll(held));
    }

    [Fact]
    public async Task Limit_OfAConnectionThatOnlyFinishesItsCalls_IsNoneOfTheOthers()
    {
        Log.Allow("takes no new call");
        await using var server = new RawHttp2Server(connection => ServeAsync(connection, maxStreams: 100));
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        using var held = await HoldAsync(clients);
        var pool = clients.Transport.Endpoint!;
        var retired = pool.Connections.Current.Single();
        retired.Retire("the test wants it so");
        await clients.KeyValue.PutAsync(Calls.AnyPut);

        await server.Connections.First().SendSettingsAsync(maxStreams: 1);
        await Eventually.EqualAsync(1, () => retired.Limit);

        Assert.Equal(100, pool.StreamLimit);
    }

    [Fact]
    public async Task Server_ThatNeverBeginsToSpeakHttp2UnderAStreamWithoutADeadline_IsGivenUpForAnother()
    {
        Log.Allow("cannot be reached");
        await using var server = new RawHttp2Server(connection => connection.Number == 1 ? connection.Ended : ServeAsync(connection, maxStreams: 100));
        await using var clients = await ClientHost.StartAsync(
            Log, server.Address, options => (options.Connection.ConnectTimeout, options.Connection.IdleTimeout) = (TimeSpan.FromMilliseconds(500), TimeSpan.FromSeconds(1)));
        using var held = clients.KeyValue.Exchange();
        await held.RequestStream.WriteAsync(new ExchangeRequest { Get = Calls.AnyGet }, TestContext.Current.CancellationToken);

        await clients.KeyValue.PutAsync(Calls.AnyPut);

        Assert.Equal(2, server.Connections.Count);
    }

    [Fact]
    public async Task Connection_WhoseOnlyCallWasCancelledBeforeAnythingWasSent_IsNoMuteServers()
    {
        await using var server = new RawHttp2Server(connection => ServeAsync(connection, maxStreams: 100));
        await using var clients = await ClientHost.StartAsync(Log, services => services
            .AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.ConnectTo(server.Address);
                (options.Connection.ConnectTimeout, options.Connection.IdleTimeout) = (TimeSpan.FromMilliseconds(300), TimeSpan.FromSeconds(2));
            })
            .AddHttpMessageHandler(static () => new LateHandler()));
        using var end = new CancellationTokenSource();
        var pool = clients.Transport.Endpoint!;
        pool.Prepare();
        await Eventually.HoldsAsync(() => pool.Connections.Current.Length == 1);
        var call = clients.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: end.Token).ResponseAsync;
        await end.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => call);

        await Eventually.HoldsAsync(() => pool.IsGone);

        Assert.Null(clients.Transport.LastFailure);
        Assert.DoesNotContain(Log.Entries, static entry => entry.Event.Name == "AddressUnreachable");
    }

    [Fact]
    public async Task Connection_UnusedSinceItsOnlyCallWasCancelledUnanswered_ClosesAsIdleAndNotAsAFailure()
    {
        await using var server = new RawHttp2Server(connection => ServeAsync(connection, maxStreams: 100, isSilent: true));
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Connection.IdleTimeout = TimeSpan.FromMilliseconds(300));
        using var end = new CancellationTokenSource();
        var call = clients.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: end.Token).ResponseAsync;
        await Eventually.EqualAsync(1, () => server.Requests.Count);
        await end.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => call);

        await server.Connections.Single().Ended;

        await Eventually.HoldsAsync(() => clients.Transport.Endpoint!.IsGone);
        Assert.Null(clients.Transport.LastFailure);
        Assert.DoesNotContain(Log.Entries, static entry => entry.Event.Name == "AddressUnreachable");
    }

    [Fact]
    public async Task Connection_RetiredAtALimitOfZeroAfterARefusal_IsClosed()
    {
        await using var server = new RawHttp2Server(async connection =>
        {
            await connection.SendSettingsAsync(maxStreams: 100);
            while (true)
            {
                var request = await connection.ReceiveCompleteAsync();
                await connection.SendSettingsAsync(maxStreams: 0);
                await connection.SendResetAsync(request.StreamId, ErrorCode.RefusedStream);
            }
        });
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.Connection.MaxConnections = 1);
        using var end = new CancellationTokenSource();
        var call = clients.KeyValue.PutAsync(Calls.AnyPut, cancellationToken: end.Token).ResponseAsync;
        await Eventually.EqualAsync(0, () => clients.Transport.Endpoint!.Connections.Current.SingleOrDefault()?.Limit ?? -1);
        await end.CancelAsync();
        await Assert.ThrowsAsync<RpcException>(() => call);

        clients.Transport.Endpoint!.Connections.Current.Single().Retire("the test wants it so");

        await server.Connections.Single().Ended;
        await Eventually.HoldsAsync(() => clients.Transport.Endpoint!.IsGone);
    }

    private static bool IsHeld(RawRequest request) => request.Path.EndsWith("/Exchange", StringComparison.Ordinal);

    private static async Task<AsyncDuplexStreamingCall<ExchangeRequest, ExchangeResponse>> HoldAsync(ClientHost clients)
    {
        var held = clients.KeyValue.Exchange();
        await held.ResponseHeadersAsync;
        return held;
    }

    private static async Task LowerAsync(RawHttp2Server server, ClientHost clients, int connection)
    {
        await server.Connections.ElementAt(connection).SendSettingsAsync(maxStreams: 0);
        await Eventually.EqualAsync(0, () => clients.Transport.Endpoint!.Connections.Current[connection].Limit);
    }

    private static async Task ServeAsync(RawHttp2Connection connection, int maxStreams, bool isSilent = false)
    {
        await connection.SendSettingsAsync(maxStreams);
        while (true)
        {
            _ = AnswerAsync(await connection.ReceiveAsync());
        }

        async Task AnswerAsync(RawRequest request)
        {
            if (IsHeld(request))
            {
                await connection.SendHeadersAsync(request.StreamId);
            }
            else if (!isSilent)
            {
                await request.Complete;
                await connection.AnswerQuietlyAsync(request.StreamId);
            }
        }
    }

    /// <summary>Sends what it was given once that is cancelled.</summary>
    private sealed class LateHandler : DelegatingHandler
    {
        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return await base.SendAsync(request, cancellationToken);
        }
    }
}
