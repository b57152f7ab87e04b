using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Relays;
using PooledClients.TestBed.Servers;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Registration;

/// <summary>Connecting ahead of the first call: at the host's start, or when asked.</summary>
public class WarmUpTests : WatchedTest
{
    [Fact]
    public async Task Start_ClientAsksForIt_ConnectsByACallThatTheServerNeedNotKnow()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address, options => options.WarmUp = true);

        Assert.Equal((1, "/grpc.health.v1.Health/Check"), (server.Connections.Handshakes, Assert.Single(server.Requests).Path));
        Assert.Equal(ConnectivityState.Ready, clients.Get<IGrpcChannelPool>().GetState("KeyValue"));
        var channel = Assert.Single(clients.Get<IPooledClientsDiagnostics>().Capture().Channels);
        Assert.Equal((0, 0, null), (channel.CallsStarted, channel.CallsFailed, channel.LastError));

        await clients.KeyValue.GetManyAsync(10);
        Assert.Equal(1, server.Connections.Accepted);
    }

    // A warm-up that took the one place, or waited for it, would leave no ready connection, or wait for the timeout.
    [Fact]
    public async Task Start_BudgetHasNoPlaceBeyondTheClients_ConnectsAndCallsNothing()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.ConfigurePooledClients(options =>
            {
                options.WarmUp.Timeout = TimeSpan.FromMinutes(10);
                options.Descriptors.MaxConnections = 1;
            });
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
            {
                options.ConnectTo(server.Address);
                options.WarmUp = true;
            });
        });

        Assert.Equal(1, server.Connections.Accepted);
        Assert.Equal(ConnectivityState.Ready, clients.Get<IGrpcChannelPool>().GetState("KeyValue"));
    }

    [Fact]
    public async Task Start_ServerIsDown_WarnsAndGoesOn()
    {
        Log.Allow("did not connect while the host started");
        await using var clients = await StartAsync(await FreedAddressAsync(), failStart: false);

        Assert.Contains(Log.Entries, entry => entry.Message.Contains("did not connect while the host started", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Start_ServerIsDownAndFailStartIsSet_Fails()
    {
        Log.Allow("Hosting failed to start");
        var address = await FreedAddressAsync();

        var failure = await Assert.ThrowsAnyAsync<Exception>(() => StartAsync(address, failStart: true));

        Assert.Contains("FailStart", failure.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Connect_AheadOfTime_LeavesAReadyConnection()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        var pool = clients.Get<IGrpcChannelPool>();

        Assert.Equal((ConnectivityState.Idle, 0), (pool.GetState("KeyValue"), server.Connections.Accepted));
        await pool.ConnectAsync("KeyValue", TestContext.Current.CancellationToken);

        Assert.Equal((ConnectivityState.Ready, 1), (pool.GetState("KeyValue"), server.Connections.Accepted));
    }

    private Task<ClientHost> StartAsync(Uri address, bool failStart) => ClientHost.StartAsync(Log, services =>
    {
        services.ConfigurePooledClients(options =>
        {
            options.WarmUp.Timeout = TimeSpan.FromMilliseconds(300);
            options.WarmUp.FailStart = failStart;
        });
        services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options =>
        {
            options.ConnectTo(address);
            options.WarmUp = true;
        });
    });

    private static async Task<Uri> FreedAddressAsync()
    {
        await using var relay = new Relay(targetPort: 0);
        return new Uri($"https://localhost:{relay.Port}");
    }
}
