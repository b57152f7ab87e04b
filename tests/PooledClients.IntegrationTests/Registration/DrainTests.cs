using Grpc.Core;
using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Logs;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Registration;

/// <summary>What becomes of calls when the host stops.</summary>
public class DrainTests : WatchedTest
{
    [Fact]
    public async Task Stop_CallInFlight_LetsItFinishAndRefusesNewOnes()
    {
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, server.Address);
        server.Behavior.Hold();
        var call = clients.KeyValue.PutAsync(Calls.AnyPut).ResponseAsync;
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);

        var stopping = clients.StopAsync();
        RpcException? refused = null;
        await Eventually.HoldsAsync(() => (refused = clients.KeyValue.TryNewCall()) is { StatusCode: StatusCode.Unavailable });
        Assert.False(call.IsCompleted);
        server.Behavior.Release();
        await call;
        await stopping;

        Assert.Contains("stop", refused!.Status.Detail, StringComparison.OrdinalIgnoreCase);
        await Eventually.EqualAsync(0, () => server.Connections.Open);
    }

    [Fact]
    public async Task Stop_CallLongerThanTheDrainTimeout_IsEndedWithTheConnections()
    {
        Log.Allow(_ => true);
        await using var server = await TestServer.StartAsync();
        await using var clients = await ClientHost.StartAsync(Log, services =>
        {
            services.ConfigurePooledClients(options => options.DrainTimeout = TimeSpan.FromMilliseconds(200));
            services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address));
        });
        server.Behavior.Hold();
        var call = Calls.FailureOf(clients.KeyValue.PutAsync(Calls.AnyPut));
        await Eventually.EqualAsync(1, () => server.Behavior.InFlight);

        await clients.StopAsync();

        Assert.Contains((await call).StatusCode, (StatusCode[])[StatusCode.Unavailable, StatusCode.Cancelled]);
        await Eventually.EqualAsync(0, () => server.Connections.Open);
    }
}
