using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.Connections;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>The connections that are made ahead to the endpoints of a set, and the budget of the process: they take what nobody else needs.</summary>
public sealed class RoomTests : WatchedTest
{
    [Fact]
    public async Task Calls_BudgetIsSmallerThanTheSet_GoToAsManyEndpointsAsFit()
    {
        await using var group = await ServerGroup.StartAsync(5);
        await using var clients = await StartAsync(budget: 3, group);

        await Calls.RunAsync(callers: 4, total: 400, _ => clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync);
        await Eventually.EqualAsync(3, () => Seen(clients).Endpoints.Count(static endpoint => endpoint.State == "Ready"));

        Assert.Equal(3, group.Servers.Sum(static server => server.Connections.Open));
        Assert.Equal(0, Seen(clients).Pools.Sum(static pool => pool.Waiting));
    }

    [Fact]
    public async Task Calls_ASetInUseHoldsTheWholeBudget_GivesWayToWhatOtherCallsWaitFor()
    {
        await using var group = await ServerGroup.StartAsync(3);
        await using var other = await TestServer.StartAsync();
        await using var clients = await StartAsync(budget: 3, group, other);
        await clients.KeyValue.GetManyAsync(20);
        await Eventually.EqualAsync(3, () => group.Servers.Sum(static server => server.Connections.Open));

        // It is never idle, and no call of it fails.
        using var stream = clients.KeyValue.Exchange();
        await stream.RequestStream.WriteAsync(new ExchangeRequest { Put = Calls.AnyPut });
        Assert.True(await stream.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        using var stop = new CancellationTokenSource();
        var calling = Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await clients.KeyValue.GetAsync(Calls.AnyGet);
            }
        })));
        await clients.Get<KeyValue.KeyValueClient>("other").GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(20));
        Assert.Equal(1, other.Connections.Open);
        await Eventually.EqualAsync(2, () => group.Servers.Sum(static server => server.Connections.Open));
        await stop.CancelAsync();
        await calling;
    }

    [Fact]
    public async Task Call_TheBudgetIsHeldByASetThatIsOnlyWatched_GetsItsRoom()
    {
        var health = new ServedHealth();
        health.Set(serves: true);
        await using var group = new ServerGroup("service.test");
        await group.AddAsync(map: health.Map);
        await using var other = await TestServer.StartAsync();
        await using var clients = await StartAsync(budget: 1, group, other, static options => options.Endpoints.HealthCheck = "search.v1.Search");
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        var transport = clients.Get<TransportRegistry>().Transports.Single(static transport => transport.Set is not null);
        await Eventually.HoldsAsync(() => transport.Endpoints.Single().Connections.Current.Any(static connection => connection.IsWatched));

        await clients.Get<KeyValue.KeyValueClient>("other").GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddSeconds(20));

        Assert.Equal(2, transport.Current.Number);
        Assert.Equal(1, other.Connections.Open);
    }

    [Fact]
    public async Task Call_OthersHoldTheBudget_FailsAtItsDeadlineAndSaysWhoAndLeavesNothingInLine()
    {
        await using var group = await ServerGroup.StartAsync(3);
        await using var holding = await TestServer.StartAsync();
        await using var clients = await StartAsync(budget: 1, group, holding);
        holding.Behavior.Hold();
        var held = clients.Get<KeyValue.KeyValueClient>("other").GetAsync(Calls.AnyGet).ResponseAsync;
        await Eventually.EqualAsync(1, () => holding.Behavior.InFlight);

        var failure = await Assert.ThrowsAsync<RpcException>(() => clients.KeyValue.GetAsync(Calls.AnyGet, deadline: DateTime.UtcNow.AddMilliseconds(500)).ResponseAsync);

        Log.Allow("deadline exceeded");
        Assert.Equal(StatusCode.ResourceExhausted, failure.StatusCode);
        var budget = Assert.IsType<ConnectionBudgetException>(failure.Status.DebugException);
        Assert.Contains(holding.Port.ToString(CultureInfo.InvariantCulture), Assert.Single(budget.Holders).Address, StringComparison.Ordinal);
        await Eventually.EqualAsync(0, () => Seen(clients).Pools.Sum(static pool => pool.Waiting));

        holding.Behavior.Release();
        await held;
        await clients.KeyValue.GetAsync(Calls.AnyGet);
    }

    private static PooledClientsSnapshot Seen(ClientHost clients) => clients.Get<IPooledClientsDiagnostics>().Capture();

    private Task<ClientHost> StartAsync(int budget, ServerGroup group, TestServer? other = null, Action<PooledGrpcClientOptions>? configure = null) => ClientHost.StartAsync(Log, services =>
    {
        services.ConfigurePooledClients(options => options.Descriptors.MaxConnections = budget);
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            group.Configure(options);
            configure?.Invoke(options);
        });
        if (other is not null)
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>("other", options =>
            {
                options.Address = other.Address;
                options.Tls.CaCertificatePem = TestAuthority.Shared.Pem;
            });
        }
    });
}
