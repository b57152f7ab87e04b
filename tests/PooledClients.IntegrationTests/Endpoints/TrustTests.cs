using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Endpoints;

/// <summary>Trust that changes under the calls to several endpoints.</summary>
public sealed class TrustTests : WatchedTest
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public async Task Authority_Changes_ConnectionsAreReplacedAndOneIsReadyAtAnyTime(int count)
    {
        using var folder = new TempFolder();
        using var other = new TestAuthority("Other authority");
        await using var group = await ServerGroup.StartAsync(count);
        var caPath = folder.Write("ca.pem", TestAuthority.Shared.Pem);
        await using var clients = await StartAsync(group, caPath);
        await clients.KeyValue.GetManyAsync(20);
        var diagnostics = clients.Get<IPooledClientsDiagnostics>();
        await Eventually.HoldsAsync(() => Ready() == count);
        int Ready() => diagnostics.Capture().Endpoints.Count(static endpoint => endpoint.State == "Ready");
        using var stop = new CancellationTokenSource();
        var calling = Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                await clients.KeyValue.GetAsync(Calls.AnyGet);
                Assert.NotEqual(0, Ready());
            }
        });

        folder.Write("ca.pem", $"{TestAuthority.Shared.Pem}\n{other.Pem}");
        await Eventually.HoldsAsync(() => group.Servers.All(static server => server.Connections is { Accepted: >= 2, Open: 1 }));
        await stop.CancelAsync();
        await calling;
    }

    [Fact]
    public async Task Authority_IsTakenBack_CallsFailAndNoOldConnectionIsUsed()
    {
        using var folder = new TempFolder();
        using var other = new TestAuthority("Other authority");
        await using var group = await ServerGroup.StartAsync(2);
        var caPath = folder.Write("ca.pem", TestAuthority.Shared.Pem);
        await using var clients = await StartAsync(group, caPath);
        await clients.KeyValue.GetManyAsync(20);

        folder.Write("ca.pem", other.Pem);
        await Eventually.HoldsAsync(() => group.Servers.All(static server => server.Connections.Open == 0));

        var failure = await Calls.FailureOf(clients.KeyValue.GetAsync(Calls.AnyGet));
        Assert.Contains("is not trusted", failure.Status.Detail, StringComparison.Ordinal);
    }

    private Task<ClientHost> StartAsync(ServerGroup group, string caPath) => ClientHost.StartAsync(Log, services =>
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            group.Configure(options);
            options.Tls.CaCertificatePem = null;
            (options.Tls.CaCertificatePath, options.Tls.ReloadInterval) = (caPath, TimeSpan.FromSeconds(1));
        }));
}
