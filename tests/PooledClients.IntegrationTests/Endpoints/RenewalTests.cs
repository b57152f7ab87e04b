using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using PooledClients.Connections.Endpoints.Sets;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>What the connections to several endpoints are made with has changed, in a time of the test's own.</summary>
public sealed class RenewalTests : WatchedTest
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(100);

    [Fact]
    public async Task Replace_ThreeEndpoints_OneAfterTheOtherWithinTheSpreadAndOneIsReadyAtAnyTime()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        await using var group = await ServerGroup.StartAsync(3);
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.AddSingleton<TimeProvider>(time);
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(group.Configure);
        });
        var diagnostics = clients.Get<IPooledClientsDiagnostics>();
        var call = clients.KeyValue.GetAsync(Calls.AnyGet).ResponseAsync;
        await Eventually.HoldsAsync(() =>
        {
            time.Advance(Step / 10);
            return call.IsCompleted && Ready() == 3;
        });
        await call;

        clients.Transport.Replace("the test says so", clients.Transport.Current);
        for (var passed = TimeSpan.Zero; passed < EndpointRenewal.Spread; passed += Step)
        {
            await Eventually.EqualAsync(0, () => clients.Transport.Endpoints.Sum(static pool => pool.Dialing));
            Assert.NotEqual(0, Ready());

            // Two are half a second apart at least.
            Assert.InRange(Replaced(), 0, 1 + (int)(passed / (EndpointRenewal.Spread / 6)));
            time.Advance(Step);
        }

        await Eventually.HoldsAsync(() => group.Servers.All(static server => server.Connections is { Accepted: 2, Open: 1 }));
        await Eventually.EqualAsync(3, Ready);

        int Ready() => diagnostics.Capture().Endpoints.Count(static endpoint => endpoint.State == "Ready");
        int Replaced() => group.Servers.Count(static server => server.Connections.Accepted > 1);
    }
}
