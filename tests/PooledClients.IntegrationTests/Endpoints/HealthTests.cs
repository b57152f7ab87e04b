using Grpc.Core;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
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

    private static string StateOf(ClientHost clients, int index) => clients.Get<IPooledClientsDiagnostics>().Capture().Endpoints[index].State;

    private Task<ClientHost> StartAsync(ServerGroup group) => ClientHost.StartAsync(Log, ServerGroup.Address, options =>
    {
        group.Configure(options);
        options.Endpoints.HealthCheck = "search.v1.Search";
    });
}
