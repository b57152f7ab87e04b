using System.Globalization;
using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
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

    [Theory]
    [InlineData("GET", System.Net.DecompressionMethods.All)]
    [InlineData("GET", System.Net.DecompressionMethods.None)]
    [InlineData("POST", System.Net.DecompressionMethods.All)]
    public async Task HttpExchange_WhileOthersHoldTheBudget_FailsAtItsDeadlineAndSaysWho(string method, System.Net.DecompressionMethods decompression)
    {
        await using var holding = await TestServer.StartAsync();
        await using var services = CreateServices(budget: 1, [holding], more => more.AddPooledHttpClient("api", options =>
        {
            options.BaseAddress = new Uri("http://127.0.0.1:9/");
            options.AutomaticDecompression = decompression;
            options.Deadline = TimeSpan.FromMilliseconds(300);
        }));
        holding.Behavior.Hold();
        var held = Client(services, 0).GetAsync(new GetRequest()).ResponseAsync;
        await Eventually.EqualAsync(1, () => holding.Behavior.InFlight);
        using var request = new HttpRequestMessage(new HttpMethod(method), "/upload");
        request.Content = method == "POST" ? new StringContent("{}") : null;

        var exception = await Assert.ThrowsAsync<TaskCanceledException>(
            () => services.GetRequiredService<IHttpClientFactory>().CreateClient("api").SendAsync(request, TestContext.Current.CancellationToken));

        Log.Allow("passed its deadline");
        var timeout = Assert.IsType<TimeoutException>(exception.InnerException);
        var budget = Assert.IsType<ConnectionBudgetException>(timeout.InnerException);
        Assert.Contains(holding.Port.ToString(CultureInfo.InvariantCulture), Assert.Single(budget.Holders).Address, StringComparison.Ordinal);
        Assert.Contains("while it waited for room within the budget", exception.Message, StringComparison.Ordinal);
        holding.Behavior.Release();
        await held;
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
    private ServiceProvider CreateServices(int budget, IEnumerable<TestServer> servers, Action<IServiceCollection>? configure = null)
    {
        var services = new ServiceCollection();
        services.AddLogging(logging => logging.AddProvider(Log));
        services.ConfigurePooledClients(options => options.Descriptors.MaxConnections = budget);
        foreach (var (index, server) in servers.Index())
        {
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(index.ToString(CultureInfo.InvariantCulture), options =>
            {
                options.Address = server.Address;
                options.Tls.CaCertificatePem = server.Address.Scheme == "https" ? TestAuthority.Shared.Pem : null;
                options.Connection.ConnectTimeout = TimeSpan.FromSeconds(10 + index);
            });
        }

        configure?.Invoke(services);
        return services.BuildServiceProvider();
    }
}
