using Grpc.Core;
using PooledClients.Connections.Endpoints.Http2;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Relays;
using PooledClients.TestBed.Waiting;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Endpoints that are asked for a service's health: which of them take calls, and that the asking is nobody's call.</summary>
public sealed class HealthTests : WatchedTest
{
    private readonly ServedHealth _health = new();

    [Fact]
    public async Task Watch_OneDoesNotServe_TakesCallsOnlyWhileItDoes()
    {
        await using var group = new ServerGroup("service.test");
        await group.AddAsync(map: _health.Map);
        await group.AddAsync();
        await using var clients = await StartAsync(group);
        await clients.KeyValue.GetManyAsync(50);
        await Eventually.HoldsAsync(() => _health.Asked == "search.v1.Search" && StateOf(clients, 0) == "NotServing");
        Assert.Equal(0, ServerGroup.CallsOf(group[0]));

        _health.Set(serves: true);
        await Calls.UntilAsync(() => ServerGroup.CallsOf(group[0]) != 0, token => clients.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: token).ResponseAsync);

        _health.Set(serves: false);
        await Eventually.HoldsAsync(() => StateOf(clients, 0) == "NotServing");
        var before = ServerGroup.CallsOf(group[0]);
        await clients.KeyValue.GetManyAsync(50);
        Assert.Equal(before, ServerGroup.CallsOf(group[0]));
    }

    [Fact]
    public async Task Watch_NoneServes_CallsFailAsUnavailable()
    {
        await using var group = new ServerGroup("service.test");
        await group.AddAsync(map: _health.Map);
        await using var clients = await StartAsync(group);

        var failure = await Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));

        Assert.Equal(StatusCode.Unavailable, failure.StatusCode);
        Assert.Contains("health checks", failure.Status.Detail, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Watch_ConnectionIsReplaced_GoesOnOnTheNextAndLetsTheOldOneClose()
    {
        await using var group = new ServerGroup("service.test");
        await group.AddAsync(map: _health.Map);
        _health.Set(serves: true);
        await using var clients = await StartAsync(group);
        await clients.KeyValue.GetAsync(Calls.AnyGet);

        clients.Transport.Replace("the test says so", clients.Transport.Current);
        await Calls.UntilAsync(() => group[0].Connections is { Accepted: 2, Open: 1 }, token => clients.KeyValue.GetAsync(Calls.AnyGet, cancellationToken: token).ResponseAsync);

        _health.Set(serves: false);
        await Eventually.HoldsAsync(() => StateOf(clients, 0) == "NotServing");
        Assert.Equal(0, clients.Transport.InFlight);
    }

    [Fact]
    public async Task Call_TheConnectionOfARefusalIsLost_WaitsForWhatIsSaidOnTheNext()
    {
        await using var group = new ServerGroup("service.test");
        await group.AddAsync(map: _health.Map);
        await using var relay = new Relay(group[0].Port);
        _health.Set(serves: true);
        await using var clients = await StartAsync(group, relay.Port);
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        _health.Set(serves: false);
        await Eventually.HoldsAsync(() => StateOf(clients, 0) == "NotServing");
        var connection = Assert.Single(ConnectionsOf(clients));

        // That it serves again is said to nobody.
        relay.BlackHole();
        _health.Set(serves: true);
        relay.Cut();
        await Eventually.HoldsAsync(() => connection.IsRetired);

        // One that no attempt is made of after the first.
        await clients.KeyValue.PutAsync(Calls.AnyPut);
    }

    [Fact]
    public async Task Call_TheConnectionThatIsWatchedIsResetAndAnotherIsUp_FindsTheEndpointReady()
    {
        await using var group = new ServerGroup("service.test");
        await group.AddAsync(map: _health.Map, maxStreams: 2);
        _health.Set(serves: true);
        await using var clients = await StartAsync(group);
        await clients.KeyValue.GetAsync(Calls.AnyGet);
        await Eventually.HoldsAsync(() => ConnectionsOf(clients).Any(static connection => connection.IsWatched));
        using (clients.KeyValue.Exchange())
        using (clients.KeyValue.Exchange())
        {
            await Eventually.EqualAsync(2, () => group[0].Behavior.Processed("Exchange"));
        }

        await Eventually.EqualAsync(0, () => clients.Transport.InFlight);
        var watched = Assert.Single(ConnectionsOf(clients), static connection => connection.IsWatched);
        Assert.Equal(2, ConnectionsOf(clients).Length);
        watched.Abort();
        await Eventually.HoldsAsync(() => watched.IsRetired);

        for (var i = 0; i < 20; i++)
        {
            await clients.KeyValue.GetAsync(Calls.AnyGet);
        }

        await Eventually.HoldsAsync(() => ConnectionsOf(clients).Any(static connection => connection.IsWatched));
    }

    [Fact]
    public async Task IdleTimeout_OfAConnectionThatIsOnlyWatched_ClosesIt()
    {
        await using var group = new ServerGroup("service.test");
        await group.AddAsync(map: _health.Map);
        _health.Set(serves: true);
        await using var clients = await StartAsync(group, configure: static options => options.Connection.IdleTimeout = TimeSpan.FromMilliseconds(100));
        await clients.KeyValue.GetAsync(Calls.AnyGet);

        await Eventually.EqualAsync(0, () => group[0].Connections.Open);
    }

    private static Http2Connection[] ConnectionsOf(ClientHost clients) => clients.Transport.Set!.All[0].Pool.Connections.Current;

    private static string StateOf(ClientHost clients, int index) => clients.Get<IPooledClientsDiagnostics>().Capture().Endpoints[index].State;

    private Task<ClientHost> StartAsync(ServerGroup group, int? relayPort = null, Action<PooledGrpcClientOptions>? configure = null) => ClientHost.StartAsync(Log, ServerGroup.Address, options =>
    {
        group.Configure(options);
        options.Endpoints.HealthCheck = "search.v1.Search";
        configure?.Invoke(options);
        if (relayPort is { } port)
        {
            options.Endpoints.Addresses.Clear();
            options.Endpoints.Addresses.Add($"127.0.0.1:{port}");
        }
    });
}
