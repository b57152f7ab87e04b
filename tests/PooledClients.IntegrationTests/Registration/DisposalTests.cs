using Microsoft.Extensions.DependencyInjection;
using PooledClients.IntegrationTests.Clients;
using PooledClients.TestBed.Certificates;
using PooledClients.TestBed.Files;
using PooledClients.TestBed.Processes;
using PooledClients.TestBed.Servers;
using PooledClients.TestBed.Waiting;
using RocksDb.V1;

namespace PooledClients.IntegrationTests.Registration;

public class DisposalTests
{
    private const int Containers = 20;

    [Fact]
    public async Task Dispose_AfterCalls_LeavesNoSocketTimerOrFileOpen() =>
        (await ChildProcess.RunAsync(UseAndDisposeContainersAsync)).AssertSucceeded();

    private static async Task UseAndDisposeContainersAsync(string[] args)
    {
        using var folder = new TempFolder();
        var caPath = folder.Write("ca.pem", TestAuthority.Shared.Pem);
        await using var server = await TestServer.StartAsync();

        // The first containers load, compile and start what then stays.
        await UseContainersAsync(server, caPath, count: 3);
        await Eventually.EqualAsync(0, () => server.Connections.Open);
        var before = Descriptors.Count();
        var timers = Timer.ActiveCount;

        await UseContainersAsync(server, caPath, Containers);

        await Eventually.EqualAsync(0, () => server.Connections.Open);
        await Eventually.HoldsAsync(
            () => IsNoMore(Descriptors.Count(), before), () => $"Before {before}, now {Descriptors.Count()}:\n{string.Join('\n', Descriptors.Targets())}");
        await Eventually.HoldsAsync(() => Timer.ActiveCount <= timers, () => $"{timers} timers before, {Timer.ActiveCount} now.");
    }

    private static bool IsNoMore(Descriptors now, Descriptors before) =>
        now.Sockets <= before.Sockets && now.Files <= before.Files && now.Pipes <= before.Pipes && now.Other <= before.Other;

    private static async Task UseContainersAsync(TestServer server, string caPath, int count)
    {
        for (var i = 0; i < count; i++)
        {
            await using var clients = await ClientHost.StartAsync(log: null, services =>
            {
                TenClients.Add(services, server.Address, caPath);
                services.AddPooledGrpcClient<KeyValue.KeyValueClient>(options => options.ConnectTo(server.Address));
            });
            await clients.KeyValue.GetManyAsync(10);
            await TenClients.Resolve(clients.Services, i).GetAsync(Calls.AnyGet);

            // Left open on purpose: what a container closes does not depend on tidy callers.
            _ = clients.KeyValue.Exchange();
        }
    }
}
