using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.IntegrationTests.Logs;
using PooledClients.IntegrationTests.Servers;
using PooledClients.IntegrationTests.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Connections;

public sealed class ConnectionBudgetTests : WatchedTest
{
    [Fact]
    public async Task UnaryCall_WhileOthersHoldTheBudget_FailsAtItsDeadlineAndSaysWho()
    {
        await using var holding = await TestServer.StartAsync();
        await using var starved = await TestServer.StartAsync();
        await using var services = CreateServices(budget: 1, [holding, starved]);
        holding.Behavior.Hold();
        var held = Client(services, 0).GetAsync(new GetRequest()).ResponseAsync;
        await Eventually.EqualAsync(1, () => holding.Behavior.InFlight);

        var deadline = DateTime.UtcNow.AddMilliseconds(500);
        var exception = await Assert.ThrowsAsync<RpcException>(() => Client(services, 1).GetAsync(new GetRequest(), deadline: deadline).ResponseAsync);

        Log.Allow("deadline exceeded");
        Assert.Equal(StatusCode.ResourceExhausted, exception.StatusCode);
        var budget = Assert.IsType<ConnectionBudgetException>(exception.Status.DebugException);
        Assert.Equal((1, 1), (budget.Connections, budget.Budget));
        Assert.Contains(holding.Port.ToString(CultureInfo.InvariantCulture), Assert.Single(budget.Holders).Address, StringComparison.Ordinal);
        Assert.Contains("all 1 connections of the pooled clients' budget are in use", exception.Status.Detail, StringComparison.Ordinal);
        holding.Behavior.Release();
        await held;
        await Client(services, 1).GetAsync(new GetRequest());
    }

    [Fact]
    public async Task UnaryCalls_ToMoreAddressesThanTheBudget_AreAllServedInTurn()
    {
        const int Addresses = 24;
        await using var server = await TestServer.StartAsync(new TestServerOptions { Tls = false });
        await using var services = CreateServices(budget: 4, Enumerable.Repeat(server, Addresses));
        server.Behavior.Delay = TimeSpan.FromMilliseconds(2);

        await Task.WhenAll(Enumerable.Range(0, Addresses).Select(async address =>
        {
            for (var i = 0; i < 20; i++)
            {
                await Client(services, address).GetAsync(new GetRequest());
            }
        }));

        Assert.Equal(Addresses * 20, server.Behavior.TotalProcessed);
        var snapshot = services.GetRequiredService<IPooledClientsDiagnostics>().Capture();
        Assert.InRange(snapshot.Descriptors.Connections, 1, 4);
        Assert.Equal(0, snapshot.Pools.Sum(pool => pool.Waiting));
    }

    private static KeyValue.KeyValueClient Client(IServiceProvider services, int index) =>
        services.GetRequiredKeyedService<KeyValue.KeyValueClient>(index.ToString(CultureInfo.InvariantCulture));

    // A connect timeout of its own keeps a client from sharing the connections of others to its address.
    private ServiceProvider CreateServices(int budget, IEnumerable<TestServer> servers)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log));
        services.ConfigurePooledClients(options => options.Descriptors.MaxConnections = budget);
        foreach (var (index, server) in servers.Index())
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(index.ToString(CultureInfo.InvariantCulture), options =>
            {
                options.Address = server.Address;
                options.Tls.CaCertificatePem = server.Address.Scheme == "https" ? Certificates.TestAuthority.Shared.Pem : null;
                options.Connection.ConnectTimeout = TimeSpan.FromSeconds(10 + index);
            });
        }

        return services.BuildServiceProvider();
    }
}
